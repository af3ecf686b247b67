//go:build ((amd64 && !amd64.v3) || arm64) && !purego

package score

const goldenWeights = "9dec7c7e33f8c8e8"

var goldenSamples = map[string]string{
	"predictor-corrector": "18d808f90e0fb7e8",
	"DPMpp2M":             "1d6623443e290fd1",
	"EulerMaruyama":       "c136b79a4e705dc8",
	"DDIM":                "111376bb9c3d20d7",
	"Heun":                "929c968e387a77d0",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"26d41403f363153b", "3e9f3c3ac98fc7a2", "c204d80182ff5f78", "f9925f37ba412b93"},
	{"80b78c4ff2f8bb69", "ebb7ef6974be96f4", "fdffd269223eb578", "8363d22349433883"},
	{"ee7af6947d6dc7a2", "a7a51c0878f89179", "5fa1213041521083", "dc17ddf2ff557dfe"},
	{"ee5a050b2639b833", "8ed5634fdf3cec2a", "2a46a78847f83e5d", "80c69d7841af16be"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"10bd6592bb6caa7c", "419cf72931292b41"},
	"transformer": {"41236c1a4e82a34c", "40b46c9ce9e8b450"},
}
