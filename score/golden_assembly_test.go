//go:build amd64 && !amd64.v3 && !purego

package score

const goldenWeights = "b55dd4d1c93401fa"

var goldenSamples = map[string]string{
	"predictor-corrector": "0f20f38775a50f30",
	"DPMpp2M":             "6df69349c1558b5c",
	"EulerMaruyama":       "cdd13602c6c91751",
	"DDIM":                "448a347ed28d94e3",
	"Heun":                "a66b5908cc8c78fc",
}
