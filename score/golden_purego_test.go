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

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"f92ca55e07ad82c8", "b4b99a67640e15b8", "93d17614c7c23206", "bb55ca772faf59ad"},
	{"accdffe6413c284d", "1ad7ffc41bba73fc", "0419ec2b1762a670", "896d4a20d768acb1"},
	{"5d2297679cd30d4c", "e3c7d861c3a50127", "a64639d112ae9da6", "5a2973f6829f4efe"},
	{"2e639ce441d5c1bc", "6577f11325a7e2fc", "39b4495c42ebc66f", "2e039658e881c1db"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"8c106e7db870c8e4", "a808efa31ef96b50"},
	"transformer": {"47cb7f0f4c3088a5", "d3595032b132a56f"},
}
