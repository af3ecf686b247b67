package sde

import "math"

// InSpan reports whether time t lies in the span of the process, and the time
// that it stands for: t itself inside, an end where t is beyond it by no more
// than the error of a time that TimeAt found from the log(α/σ) of that end.
// Of a time that lies outside, or is NaN, it returns what it was given.
//
// Whoever compares a time with the span asks here, so that a grid, a level or a
// setting that names an end is never beyond it.
func InSpan(p SDE, t float64) (time float64, ok bool) {
	start, end := p.Span()
	switch {
	case start <= t && t <= end:
		return t, true
	case start-slack(p, start) <= t && t < start:
		return start, true
	case end < t && t <= end+slack(p, end):
		return end, true
	}
	return t, false
}

// TimeInSpan is TimeAt within the span: the time at which log(α/σ) is logSNR,
// and whether there is one, where a ratio beyond that of an end by a relative
// 1e-12 counts as the end's. Otherwise the time is the nearer end, NaN for NaN.
func TimeInSpan(p SDE, logSNR float64) (time float64, ok bool) {
	start, end := p.Span()
	high, low := LogSNR(p, start), LogSNR(p, end)
	switch {
	case math.IsNaN(logSNR):
		return logSNR, false
	case logSNR >= high:
		return start, logSNR <= high+sloppy(high)
	case logSNR <= low:
		return end, logSNR >= low-sloppy(low)
	}
	return min(max(TimeAt(p, logSNR), start), end), true
}

// sloppy is how well log(α/σ) is known: as sdetest demands of a process.
func sloppy(logSNR float64) float64 { return 1e-12 * math.Max(1, math.Abs(logSNR)) }

// slack is how well a time near an end of the span is known: to a few roundings,
// and as far as dλ/dt = −g²/(2σ²) lets the log(α/σ) there tell.
func slack(p SDE, end float64) float64 {
	_, sigma := p.Kernel(end)
	_, g2 := p.Rates(end)
	first, last := p.Span()
	known := sloppy(LogSNR(p, end)) * 2 * sigma * sigma / g2
	return 8*0x1p-52*math.Abs(end) + math.Min(known, 1e-9*(last-first))
}
