//go:build amd64 && !amd64.v3 && purego

package score

const goldenWeights = "527809c8bbe394c0"

var goldenSamples = map[string]string{
	"EulerMaruyama":       "707cc04de396cb4b",
	"DDIM":                "62d85975ad6f1b4a",
	"Heun":                "93802b1ae1dac0ed",
	"DPMpp2M":             "6846ccd6964b2efb",
	"predictor-corrector": "c18fbffe758145d1",
}
