//go:build amd64 && !amd64.v3 && !purego

package score

const goldenWeights = "3321b0833c0e1fc5"

var goldenSamples = map[string]string{
	"predictor-corrector": "0af7cda3aeed6be2",
	"DPMpp2M":             "54826186e0088ed7",
	"EulerMaruyama":       "6bcfb3ff3c807c20",
	"DDIM":                "b202625e2cb33583",
	"Heun":                "271f5f4080374db2",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"6f5ad6574274defd", "7ed1c9bb4717ab45", "b69e67156b6d4db3", "6cf1f4b4ef6ab2c6"},
	{"96e669af71856834", "43b9cae9048f55ee", "11bbc6ffd30f0406", "c20c90724e553879"},
	{"a12e80c2710dcf62", "c9015d548dbe3028", "0449043da654d863", "0a160a3695c4a723"},
	{"7ee918e336607fcd", "7b934c0f7aa30967", "7a996fffed561625", "51c89f5903d19860"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"10bd6592bb6caa7c", "419cf72931292b41"},
	"transformer": {"41236c1a4e82a34c", "40b46c9ce9e8b450"},
}
