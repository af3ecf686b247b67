package kernel

// Run is a stretch of N numbers that lie side by side in two vectors: from To on in
// that which Gather makes, from From on in that which it reads. Where From is
// negative they are zeros.
type Run struct{ To, From, N int32 }

// Gather copies runs of x to dst, of which dst holds the numbers from base on. The
// runs have to be in dst one after the other.
func Gather[T Float](dst, x []T, runs []Run, base int) {
	if gatherFast(dst, x, runs, base) {
		return
	}
	for _, r := range runs {
		d := dst[int(r.To)-base:][:r.N]
		if r.From < 0 {
			clear(d)
		} else {
			copy(d, x[r.From:][:r.N])
		}
	}
}

// Scatter is the transpose of Gather: it adds runs of x, which holds the numbers
// from base on, to dst, the first run first.
func Scatter[T Float](dst, x []T, runs []Run, base int) {
	if scatterFast(dst, x, runs, base) {
		return
	}
	for _, r := range runs {
		if r.From >= 0 {
			Add(dst[r.From:][:r.N], x[int(r.To)-base:])
		}
	}
}

// Transpose makes the r×n matrix dst of n rows of r numbers, which begin apart numbers
// after each other in x.
func Transpose[T Float](dst, x []T, apart, r, n int) {
	if using != portable && r > 0 && n > 0 {
		packPanelT(dst, n, x, apart, r, n)
		return
	}
	for i := range r {
		row := dst[i*n:][:n]
		for j := range row {
			row[j] = x[j*apart+i]
		}
	}
}
