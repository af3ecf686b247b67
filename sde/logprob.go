package sde

import "gonum.org/v1/gonum/mat"

// LogProber is a Scorer that also knows the densities whose scores it gives.
type LogProber interface {
	Scorer
	// LogProb writes log p_t(x) of the rows x into dst, up to a constant that
	// depends on t only. Times and panics are those of Score.
	LogProb(dst []float64, x *mat.Dense, t []float64)
}

// logDensity is a Density that knows its logarithm, as gonum's distmv.Normal
// and dataset.Mixture do.
type logDensity interface {
	Density
	LogProb(x []float64) float64
}

// logProb adds LogProb to an analytic score.
type logProb struct{ of analytic }

// LogProb writes the exact log-densities of the rows x into dst.
func (s logProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	rows, _ := x.Dims()
	aLength("LogProb", "dst", len(dst), rows)
	s.of.each("LogProb", x, t, func(i int, p Density) {
		dst[i] = p.(logDensity).LogProb(x.RawRowView(i))
	})
}

type analyticLog struct {
	analytic
	logProb
}

type differentiableLog struct {
	differentiable
	logProb
}

var (
	_ LogProber   = analyticLog{}
	_ LogProber   = differentiableLog{}
	_ Divergencer = differentiableLog{}
)
