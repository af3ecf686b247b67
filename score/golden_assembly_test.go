//go:build amd64 && !amd64.v3 && !purego

package score

const goldenWeights = "fe3bd46cfbb5d479"

var goldenSamples = map[string]string{
	"predictor-corrector": "b8c7dade703caf65",
	"DPMpp2M":             "0cbd56cc41ee2803",
	"EulerMaruyama":       "a76fd447be02e202",
	"DDIM":                "3279a55d958787a6",
	"Heun":                "36d83b15132d48f9",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"eb89b3adc9fc8c1f", "ca03bdee3ddf34b6", "37bc29c3fa925ffc", "c652d1f467250fcd"},
	{"93da0fa68a7cff43", "ef299945b918fb3d", "d8860c78c5fb4ae1", "5d27ec307eb28cb8"},
	{"00627167ce9adcc8", "9631eb288f01357e", "e6e19bfef2319754", "d39f3542f7382775"},
	{"a3971c59c813b193", "ebd1a0f441f99d28", "6f98c33eb4773bd3", "6a7c748e1bcf0266"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"c7718da10e91f456", "6f797d04a369c175"},
	"transformer": {"0904d351201d0651", "cfaec57a47407e49"},
}
