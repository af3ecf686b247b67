//go:build amd64 && !amd64.v3 && !purego

package score

const goldenWeights = "5e8be8e25f32dabd"

var goldenSamples = map[string]string{
	"predictor-corrector": "9454b23f7d147c4d",
	"DPMpp2M":             "1528c0a48183dce0",
	"EulerMaruyama":       "544d6f66b428cfff",
	"DDIM":                "5a7a5396db734e9f",
	"Heun":                "1aa8d75a9f3762a4",
}
