package simulator

// EasySLCP reports whether Reference draws by rejection.
func EasySLCP(x []float64, seed uint64) bool {
	f, ok := scatterOf(x)
	return ok && f.easy(seed)
}
