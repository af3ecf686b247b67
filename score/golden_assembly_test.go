//go:build ((amd64 && !amd64.v3) || arm64) && !purego

package score

const goldenWeights = "b55dd4d1c93401fa"

var goldenSamples = map[string]string{
	"predictor-corrector": "0f20f38775a50f30",
	"DPMpp2M":             "6df69349c1558b5c",
	"EulerMaruyama":       "cdd13602c6c91751",
	"DDIM":                "448a347ed28d94e3",
	"Heun":                "a66b5908cc8c78fc",
}

// The weights, and samples under conditions, under one, and under none.
var goldenConditional = [][4]string{
	{"7ee7230a155ce973", "dca54148c86f8187", "2479c1bf72f7a5bf", "a13772a8071db275"},
	{"29b63be46ec6fb68", "de536679e3095103", "a6ce650ccb7381d4", "92a27b6fc902a080"},
	{"02c78503d841698a", "b36b9b0d5577b7b4", "56d7ed771d35022b", "72430f1e2538b2df"},
	{"7ee918e336607fcd", "7b934c0f7aa30967", "7a996fffed561625", "51c89f5903d19860"},
}

// The weights and samples of networks over positions.
var goldenPositions = map[string][2]string{
	"U-Net":       {"10bd6592bb6caa7c", "419cf72931292b41"},
	"transformer": {"41236c1a4e82a34c", "40b46c9ce9e8b450"},
}
