//go:build amd64 && !amd64.v3 && purego

package score

const goldenWeights = "f0a89adaac5cc8c6"

var goldenSamples = map[string]string{
	"EulerMaruyama":       "70619eb36515c1fa",
	"DDIM":                "5686694859906012",
	"Heun":                "31c8a01173cb26da",
	"DPMpp2M":             "804037f6a8142d45",
	"predictor-corrector": "6f6914fea2107eb1",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"5747f41d93817c48", "fc2a5fc50ff6d9ae", "51b13bd801287a4f", "1bfe957a0d64552c"},
	{"ee6d7955beb1fcb7", "34616a15015d243f", "e022ffa9b286bed9", "bf677ed7008ba2ed"},
	{"b2f9398e3f1f90f9", "5400f9f43827a2de", "427fe3c948345fc1", "5c3220f7c8f06933"},
	{"98b7a465ff914d5f", "448f99826913ae9f", "4137850529df904e", "3f2acd89170969d9"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"8c106e7db870c8e4", "a808efa31ef96b50"},
	"transformer": {"47cb7f0f4c3088a5", "d3595032b132a56f"},
}
