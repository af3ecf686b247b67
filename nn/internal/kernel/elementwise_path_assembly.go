//go:build (amd64 || arm64) && !purego

package kernel

import (
	"unsafe"
)

// longest is the number of elements that one call of assembly takes, which
// can't be preempted: even from main memory it lasts some tens of µs.
const longest = 1 << 13

// short is the number of elements from which a call of assembly is worth it.
const short = 8

// number returns the address of x.
func number[T Float | Run](x *T) *byte { return (*byte)(unsafe.Pointer(x)) }

// single returns x, which is a slice of float32.
func single[T Float](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// unaryFast computes dst = f(x) or, if g is not nil, dst = g f(x) in assembly.
// It reports false if there is none.
func unaryFast[T Float](op UnaryOp, dst, g, x []T, p T) bool {
	if using == portable || size[T]() == 8 {
		return false
	}
	unaryLong(op, single(dst), single(g), single(x), float32(p))
	return true
}

func unaryLong(op UnaryOp, dst, g, x []float32, p float32) {
	for len(dst) > 0 {
		n := min(len(dst), longest)
		var factor []float32
		if g != nil {
			factor = g[:n]
		}
		done := unary32(op, dst[:n], factor, x[:n], p)
		if done < n {
			done += farAngles(op, dst[done:n], factor, done, x[done:n])
		}
		dst, x = dst[done:], x[done:]
		if g != nil {
			g = g[done:]
		}
	}
}

// farAngles computes sin or cos of as many numbers as are in a vector, some of
// which the assembly does not take. The factors start at element from of g.
func farAngles(op UnaryOp, dst, g []float32, from int, x []float32) int {
	n := min(len(dst), 16)
	for i, v := range x[:n] {
		var factor []float32
		if g != nil {
			factor = g[from+i : from+i+1]
		}
		if unary32(op, dst[i:i+1], factor, x[i:i+1], 0) == 1 {
			continue
		}
		y := float32(function(op)(float64(v)))
		if g != nil {
			y *= factor[0]
		}
		dst[i] = y
	}
	return n
}

// vectorsFast and the like do the work of their namesakes in assembly and
// report false if that is not worth it.
func vectorsFast[T Float](op BinaryOp, dst, a, b []T) bool {
	if using == portable || len(dst) < short {
		return false
	}
	for len(dst) > 0 {
		n := min(len(dst), longest)
		vectorsAssembly[T](uint8(op), bytes(dst), bytes(a), bytes(b), n)
		dst, a, b = dst[n:], a[n:], b[n:]
	}
	return true
}

func vectorNumberFast[T Float](op BinaryOp, dst, a []T, b T) bool {
	if using == portable || len(dst) < short {
		return false
	}
	for len(dst) > 0 {
		n := min(len(dst), longest)
		vectorNumberAssembly[T](uint8(op), bytes(dst), bytes(a), number(&b), n)
		dst, a = dst[n:], a[n:]
	}
	return true
}

func numberVectorFast[T Float](op BinaryOp, dst []T, a T, b []T) bool {
	if using == portable || len(dst) < short {
		return false
	}
	for len(dst) > 0 {
		n := min(len(dst), longest)
		numberVectorAssembly[T](uint8(op), bytes(dst), number(&a), bytes(b), n)
		dst, b = dst[n:], b[n:]
	}
	return true
}

func fillFast[T Float](dst []T, c T) bool {
	if using == portable || len(dst) < short {
		return false
	}
	for len(dst) > 0 {
		n := min(len(dst), longest)
		fillAssembly[T](bytes(dst), number(&c), n)
		dst = dst[n:]
	}
	return true
}

func sumRowsFast[T Float](dst, x []T, r, n int) bool {
	if using == portable || n < 2 || r == 0 {
		return false
	}
	for r > 0 {
		m := min(r, max(1, longest/n))
		sumRowsAssembly[T](bytes(dst), bytes(x), m, n)
		r, x = r-m, x[m*n:]
	}
	return true
}

// sumSquaresFast adds the squares of as many sixteens of elements as x has and
// returns the rest.
func sumSquaresFast[T Float](sums *[16]float64, x []T) []T {
	if using == portable {
		return x
	}
	for len(x) >= 16 {
		n := min(len(x), longest) / 16
		sumSquaresAssembly[T](sums, bytes(x), n)
		x = x[16*n:]
	}
	return x
}

// gatherFast and scatterFast take runs that are short on average, some at a time. The
// slices are as long as the runs say.
func gatherFast[T Float](dst, x []T, runs []Run, base int) bool {
	if !shortRuns(runs) {
		return false
	}
	for len(runs) > 0 {
		n := min(len(runs), runsPerCall)
		last := runs[n-1]
		_ = dst[:int(last.To+last.N)-base]
		gatherAssembly[T](bytes(dst), bytes(x), number(&runs[0]), base, n)
		runs = runs[n:]
	}
	return true
}

func scatterFast[T Float](dst, x []T, runs []Run, base int) bool {
	if !shortRuns(runs) {
		return false
	}
	for len(runs) > 0 {
		n := min(len(runs), runsPerCall)
		last := runs[n-1]
		_ = x[:int(last.To+last.N)-base]
		scatterAssembly[T](bytes(dst), bytes(x), number(&runs[0]), base, n)
		runs = runs[n:]
	}
	return true
}

// runsPerCall is the number of runs of one call of assembly.
const runsPerCall = 1 << 6

func shortRuns(runs []Run) bool {
	if using == portable || len(runs) == 0 {
		return false
	}
	last := runs[len(runs)-1]
	return int(last.To+last.N-runs[0].To) <= len(runs)*longest/runsPerCall
}

// sumColsFast adds up as many rows as it takes at a time and returns their number.
func sumColsFast[T Float](dst, x []T, r, n int) int {
	block, step := 64/size[T](), 16/size[T]()
	if using == portable || r < block || n < step {
		return 0
	}
	whole := n / step * step
	done := 0
	for left := r / block; left > 0; {
		m := min(left, max(1, longest/(block*n)))
		sumColsAssembly[T](bytes(dst[done:]), bytes(x[done*n:]), size[T]()*n, n/step, m)
		for i := done; i < done+m*block; i++ {
			for _, v := range x[i*n+whole : i*n+n] {
				dst[i] += v
			}
		}
		left, done = left-m, done+m*block
	}
	return done
}

func softmaxFast[T Float](dst, x []T, r, n int) bool {
	if using == portable || size[T]() == 8 || r*n == 0 {
		return false
	}
	dst, x = dst[:r*n], x[:r*n]
	for r > 0 {
		m := min(r, max(1, longest/n))
		softmaxAssembly(bytes(dst), bytes(x), m, n)
		r, dst, x = r-m, dst[m*n:], x[m*n:]
	}
	return true
}

func softmaxSlopeFast[T Float](dst, g, y []T, r, n int) bool {
	if using == portable || size[T]() == 8 || r*n == 0 {
		return false
	}
	dst, g, y = dst[:r*n], g[:r*n], y[:r*n]
	for r > 0 {
		m := min(r, max(1, longest/n))
		softmaxSlopeAssembly(bytes(dst), bytes(g), bytes(y), m, n)
		r, dst, g, y = r-m, dst[m*n:], g[m*n:], y[m*n:]
	}
	return true
}

func rowDotsFast[T Float](dst, a, b []T, r, n int) bool {
	if using == portable || size[T]() == 8 || r*n == 0 {
		return false
	}
	dst, a, b = dst[:r], a[:r*n], b[:r*n]
	for r > 0 {
		m := min(r, max(1, longest/n))
		rowDotsAssembly(bytes(dst), bytes(a), bytes(b), m, n)
		r, dst, a, b = r-m, dst[m:], a[m*n:], b[m*n:]
	}
	return true
}

func normSlopeFast[T Float](dst, g, y, s []T, r, n int, over T) bool {
	if using == portable || size[T]() == 8 || r*n == 0 {
		return false
	}
	dst, g, y, s = dst[:r*n], g[:r*n], y[:r*n], s[:r]
	for r > 0 {
		m := min(r, max(1, longest/n))
		normSlopeAssembly(bytes(dst), bytes(g), bytes(y), bytes(s), m, n, float32(over))
		r, dst, g, y, s = r-m, dst[m*n:], g[m*n:], y[m*n:], s[m:]
	}
	return true
}
