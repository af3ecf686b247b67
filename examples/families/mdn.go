package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// mdn is an autoregressive mixture density network: a column after the other, a mixture
// of normal laws given the columns before it, which a network of the column's own says:
//
//	p(x) = Π_j p(x_j | x_<j),   p(x_j | x_<j) = Σ_k w_k N(x_j; μ_k, s_k²)
type mdn struct {
	*trainer
	s       *setup
	x       *ad.Expr
	columns []mixture
	loss    *ad.Expr // −log p(x)
	params  nn.Params
}

// mixture is the law of a column: logits, means, and logarithms of deviations.
type mixture struct{ logits, means, logStd *ad.Expr }

const (
	components = 32
	mdnRate    = 4e-3
)

func newMDN(s *setup, width int) model {
	m := &mdn{s: s, x: ad.Input("x", s.dim), loss: ad.Const(0)}
	b := nn.NewBuild(&m.params)
	for j := range s.dim {
		given, column := ad.ConstRow(0, 1), b.Scope(fmt.Sprintf("column%d", j))
		var net nn.Module = nn.Linear{Out: 3 * components}
		if j > 0 {
			given, net = ad.Slice(m.x, 0, j), perceptron(width, 3*components, s.features())
		}
		// Before training, the components stand side by side over the range of the data.
		head := ad.Add(column.Apply(net, given), column.Param("start", 1, 3*components, spread{}))
		c := mixture{ad.Slice(head, 0, components), ad.Slice(head, components, 2*components), ad.Slice(head, 2*components, 3*components)}
		c.logStd = ad.Shift(ad.Softplus(c.logStd), narrowestSD)
		m.columns = append(m.columns, c)

		z := ad.Mul(ad.Sub(ad.Slice(m.x, j, j+1), c.means), ad.Exp(ad.Neg(c.logStd)))
		logs := ad.Sub(c.logits, ad.Add(ad.Scale(0.5, ad.Square(z)), ad.Shift(c.logStd, halfLog2π)))
		m.loss = ad.Add(m.loss, ad.Sub(logSumExp(c.logits), logSumExp(logs)))
	}
	return m
}

// logSumExp returns ln Σ exp of each row.
func logSumExp(x *ad.Expr) *ad.Expr {
	top := ad.MaxCols(x)
	return ad.Add(top, ad.Log(ad.SumCols(ad.Exp(ad.Sub(x, top)))))
}

// spread starts a column's mixture: equal weights, means from −2 to 2, deviations of .15.
type spread struct{}

func (spread) Fill(dst []float64, _, cols int, _ *rand.Rand) {
	k := cols / 3
	for i := range k {
		dst[k+i] = -2 + 4*(float64(i)+0.5)/float64(k)
		dst[2*k+i] = math.Log(math.Expm1(math.Log(0.15) - narrowestSD))
	}
}

func (m *mdn) size() int { return m.params.Len() }

func (m *mdn) train(ctx context.Context, steps int) error {
	m.trainer = newTrainer(&m.params, m.s)
	in := []*ad.Expr{m.x}
	player := m.player(&m.params, 0, len(m.params.Entries()), m.loss, in, optim.Adam[float32]{}, schedule(mdnRate, steps))
	return m.run(ctx, m.s, steps, player, m.loss, in, 1)
}

func (m *mdn) sample(_ context.Context, dst *mat.Dense, seed uint64) error {
	n, d := dst.Dims()
	rng := rand.New(rand.NewPCG(seed, 4))
	x := make([]float32, n*d)
	for j, c := range m.columns {
		spread := ad.Add(ad.Scale(0, ad.Slice(m.x, 0, 1)), ad.ConstRow(0, components)) // rows for what is the same for all
		law := newEvaluator([]*ad.Expr{ad.Add(spread, ad.Softmax(c.logits)), ad.Add(spread, c.means), ad.Add(spread, c.logStd)}, []*ad.Expr{m.x}).at(m.trainer, n, x)
		for i := range n {
			u, k := rng.Float32(), 0
			for ; k < components-1 && u >= law[0][i*components+k]; k++ {
				u -= law[0][i*components+k]
			}
			at := i*components + k
			x[i*d+j] = law[1][at] + float32(math.Exp(float64(law[2][at]))*rng.NormFloat64())
		}
	}
	m.s.restore(dst, x)
	return nil
}

func (m *mdn) logProb(_ context.Context, dst []float64, x *mat.Dense) error {
	rows := make([]float32, len(dst)*m.s.dim)
	m.s.standardise(rows, x)
	for i, v := range newEvaluator([]*ad.Expr{m.loss}, []*ad.Expr{m.x}).at(m.trainer, len(dst), rows)[0] {
		dst[i] = -float64(v) - m.s.logVolume()
	}
	return nil
}

// evaluations is one of each column's network.
func (m *mdn) evaluations() int { return m.s.dim }
