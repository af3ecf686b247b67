package export

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// tolerance of a row: both sides compute in float32, in another order.
const tolerance = 1e-5

func processes(t *testing.T) map[string]sde.SDE {
	betas := make([]float64, 50)
	for i := range betas {
		betas[i] = 0.002 + 0.004*float64(i)
	}
	ddpm, err := sde.NewDDPM(betas)
	require.NoError(t, err)
	return map[string]sde.SDE{
		"EDM": sde.EDM{}, "VE": sde.VE{}, "VP": sde.VP{}, "SubVP": sde.SubVP{}, "Cosine": sde.Cosine{}, "Linear": sde.Linear{}, "DDPM": ddpm,
	}
}

func TestScoreOfEveryProcessIsTheModels(t *testing.T) {
	for name, process := range processes(t) {
		t.Run(name, func(t *testing.T) {
			m := trained(t, 3, &score.Config{Process: process, Net: small(3)})
			p := m.Problem()
			for verb, want := range map[string]sde.Quantity{"Score": sde.Score, "Denoiser": sde.Denoised} {
				export := map[string]func(sde.Problem, *Settings) (*onnx.Graph, error){"Score": Score, "Denoiser": Denoiser}[verb]
				g, err := export(p, nil)
				require.NoError(t, err)
				x, at := noised(p, 40, 3)
				got := evaluate(g, 40, narrow(x.RawMatrix().Data), narrow(at))
				wanted := quantityOf(m.Float64().Problem(), x, at, want)
				t.Logf("the model itself: %.1e", worstRow(wanted, quantityOf(p, x, at, want)))
				worst := requireRows(t, wanted, got[g.Outputs[0].Name], tolerance, verb, termsOf(p, at, g.Outputs[0].Name)...)
				t.Logf("%s: %.1e of the row", verb, worst)
			}
		})
	}
}

// termsOf returns the size of the terms that an output is a sum of, which cancel near a
// mode; nil where they do not.
func termsOf(p sde.Problem, at []float64, output string) (terms []float64) {
	for _, t := range at {
		alpha, sigma := p.Kernel(t)
		f, g2 := p.Rates(t)
		size, d := 0.0, float64(len(p.Frame.Scale))
		for _, s := range p.Frame.Scale {
			switch output {
			case "score":
				size = math.Hypot(size, 1/(sigma*s))
			case "velocity":
				size = math.Hypot(size, s*(math.Abs(f)*math.Hypot(alpha, sigma)+0.5*g2/sigma))
			}
		}
		switch output {
		case "divergence":
			size = d * (math.Abs(f) + 0.5*g2/(sigma*sigma))
		case "score", "velocity":
		default:
			return nil
		}
		terms = append(terms, size)
	}
	return terms
}

// quantityOf evaluates the score of data x and turns it into another quantity, in the
// coordinates of the data.
func quantityOf(p sde.Problem, x *mat.Dense, at []float64, q sde.Quantity) *mat.Dense {
	n, d := x.Dims()
	y, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	p.Frame.ToModel(y, x)
	p.Score.Score(s, y, at)
	for i := range n {
		alpha, sigma := p.Kernel(at[i])
		f, g2 := p.Rates(at[i])
		for j := range d {
			shift, scale := p.Frame.Shift[j], p.Frame.Scale[j]
			v := s.At(i, j)
			switch q {
			case sde.Score:
				v /= scale
			case sde.Denoised:
				v = shift + scale*(y.At(i, j)+sigma*sigma*v)/alpha
			case sde.Velocity:
				v = scale * (f*y.At(i, j) - 0.5*g2*v)
			}
			s.Set(i, j, v)
		}
	}
	return s
}

func TestFlowIsVelocityAndDivergence(t *testing.T) {
	m := trained(t, 3, &score.Config{Net: small(3)})
	p := m.Problem()
	g, err := Flow(p, nil)
	require.NoError(t, err)
	x, at := noised(p, 30, 3)
	got := evaluate(g, 30, narrow(x.RawMatrix().Data), narrow(at))
	requireRows(t, quantityOf(m.Float64().Problem(), x, at, sde.Velocity), got["velocity"], tolerance, "velocity", termsOf(p, at, "velocity")...)
	y, s, div := mat.NewDense(30, 3, nil), mat.NewDense(30, 3, nil), make([]float64, 30)
	p.Frame.ToModel(y, x)
	m.Float64().Unconditional().Divergence(s, div, y, at)
	for i, v := range div {
		f, g2 := p.Rates(at[i])
		require.InEpsilon(t, 3*f-0.5*g2*v, got["divergence"][i], 1e-4)
	}
}

func TestLongSpansTakeFewPolynomials(t *testing.T) {
	for name, process := range processes(t) {
		m := trained(t, 2, &score.Config{Process: process, Net: small(2)})
		b, err := newBuilder(m.Problem(), nil)
		require.NoError(t, err)
		start, end := process.Span()
		c, err := newCurve(func(t float64) (values, terms []float64) {
			v := b.coefficients(t, 0, 1)
			return v, v
		}, start, end, b.breaks())
		require.NoError(t, err)
		t.Logf("%s: %d polynomials of %d functions", name, len(c.pieces), c.width)
		require.Less(t, len(c.pieces), 400)
	}
}

func TestTimesBeyondTheSpanAreAtItsEnds(t *testing.T) {
	m := trained(t, 2, &score.Config{Net: small(2)})
	g, err := Score(m.Problem(), nil)
	require.NoError(t, err)
	start, end := m.Process().Span()
	x := []float32{1, 2, 1, 2, 1, 2, 1, 2}
	got := evaluate(g, 4, x, []float32{0, float32(up(start)), 1e6, float32(down(end))})["score"]
	require.InDelta(t, 1, got[0]/got[2], 1e-5)
	require.InDelta(t, 1, got[4]/got[6], 1e-5)
	require.False(t, math.IsNaN(float64(got[1])))
}

func TestFilesHaveTheSameBytes(t *testing.T) {
	m := trained(t, 2, &score.Config{Net: small(2)})
	m.Metadata = map[string]string{"b": "2", "a": "1"}
	var files [2]bytes.Buffer
	for i := range files {
		g, err := Score(m.Problem(), nil)
		require.NoError(t, err)
		require.NoError(t, onnx.Export(&files[i], g))
	}
	require.Equal(t, files[0].Bytes(), files[1].Bytes())
}
