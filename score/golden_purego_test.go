//go:build amd64 && !amd64.v3 && purego

package score

const goldenWeights = "0ab8156880d22330"

var goldenSamples = map[string]string{
	"EulerMaruyama":       "5e651fef6c49b75b",
	"DDIM":                "328412c914f6163a",
	"Heun":                "022b06121299d2e8",
	"DPMpp2M":             "0015c68c3ec70032",
	"predictor-corrector": "0328c5fd3900e72a",
}
