//go:build amd64 && !amd64.v3 && purego

package score

const goldenWeights = "8824b188917ef956"

var goldenSamples = map[string]string{
	"EulerMaruyama":       "76dd970aa1d53af9",
	"DDIM":                "bd38678545f8e825",
	"Heun":                "a5b586f11fd62e0f",
	"DPMpp2M":             "7176c295f09e22ae",
	"predictor-corrector": "51f380e111dfd592",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"257480ddef25b670", "a078d0155f94e67d", "a89fc600d676ac43", "c66ba3b492b626f2"},
	{"dc3dd3e4e0ae46e2", "b21a09eea0e15f2d", "aa86fbdbc72fa16a", "9c8030700903e853"},
	{"2752f46a3e031ff2", "099f7b387b6c693f", "abbb247b3ff1e496", "a2c6076c8d5ee0b4"},
	{"00c6d2b5b23a1b9a", "5340b2f87ef7d327", "bc9f8d58af879730", "283b52ced269871e"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"654c8f019f47135a", "b8cc1a7d1e0100fa"},
	"transformer": {"b29045b7646e19df", "d825854f939ce7ec"},
}
