package score_test

import (
	"fmt"
	"log"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// sides is two equal blobs around (±1, 0) on EDM, and the network that tells them apart
// exactly: the logit of the right one is 2y₁/(s² + σ²).
func sides() (all, right, left sde.Problem, c score.Classifier) {
	blob := func(w ...float64) sde.Problem {
		law, err := dataset.NewIsotropicMixture(w, mat.NewDense(2, 2, []float64{-1, 0, 1, 0}), []float64{0.5, 0.5}, nil)
		if err != nil {
			log.Fatal(err)
		}
		return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	}
	return blob(1, 1), blob(0, 1), blob(1, 0), score.Classifier{
		Process: sde.EDM{}, Columns: 2, Classes: 2, Weights: []float32{0, 2},
		Logits: func(y, level *ad.Expr) *ad.Expr {
			variance := ad.Shift(ad.Exp(ad.Scale(2, level)), 0.25)
			return ad.Div(ad.Mul(ad.Slice(y, 0, 1), ad.Param("slopes", 1, 2, 0)), variance)
		},
	}
}

func TestClassifierMakesTheScoreOfItsClass(t *testing.T) {
	all, right, left, c := sides()
	p, err := c.Given(1, 0, 1)
	require.NoError(t, err)
	g, err := sde.GuideByClassifier(all, p, 1)
	require.NoError(t, err)
	require.NoError(t, g.Validate(3, 2))
	x, v := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, []float64{1, 0, 0.5, 2, -1, 1})
	dense := func() *mat.Dense { return mat.NewDense(3, 2, nil) }
	for _, at := range [][]float64{{0.3}, {0.01, 2, 50}} {
		got, div, jv, jtu, logp := dense(), make([]float64, 3), dense(), dense(), make([]float64, 3)
		d, ok := sde.As[sde.Divergencer](g.Score)
		require.True(t, ok)
		b, ok := sde.As[sde.Pullback](g.Score)
		require.True(t, ok)
		d.JVP(dense(), jv, x, v, at)
		b.VJP(dense(), jtu, x, v, at)
		d.Divergence(got, div, x, at)
		plain := dense()
		g.Score.Score(plain, x, at)
		require.True(t, mat.EqualApprox(plain, got, 1e-12))
		classifier, ok := sde.As[sde.LogProber](p.Score)
		require.True(t, ok)
		classifier.LogProb(logp, x, at)
		for i, class := range []sde.Problem{right, left, right} {
			want, wantDiv, wantJV := dense(), make([]float64, 3), dense()
			e := class.Score.(sde.Divergencer)
			e.JVP(want, wantJV, x, v, at)
			e.Divergence(want, wantDiv, x, at)
			near := func(want, got float64) { require.InDelta(t, want, got, 1e-9*(1+math.Abs(want))) }
			for j := range 2 {
				near(want.At(i, j), got.At(i, j))
				near(wantJV.At(i, j), jv.At(i, j))
				near(wantJV.At(i, j), jtu.At(i, j))
			}
			near(wantDiv[i], div[i])
			one, two := make([]float64, 3), make([]float64, 3) // p(c|x) = ½ p(x|c)/p(x)
			class.Score.(sde.LogProber).LogProb(one, x, at)
			all.Score.(sde.LogProber).LogProb(two, x, at)
			near(one[i]-two[i]-math.Ln2, logp[i])
		}
		some := mat.NewDense(1, 2, nil)
		g.Select([]int{1}).Score(some, x.Slice(1, 2, 0, 2).(*mat.Dense), at[len(at)/2:][:1])
		require.Equal(t, plain.RawRowView(1), some.RawRowView(0))
	}
}

func TestClassifierRefusesWhatIsMissing(t *testing.T) {
	_, _, _, good := sides()
	for says, change := range map[string]func(c *score.Classifier) []int{
		"Process: ":               func(c *score.Classifier) []int { c.Process = nil; return []int{0} },
		"Columns: is 0":           func(c *score.Classifier) []int { c.Columns = 0; return []int{0} },
		"Classes: is 1":           func(c *score.Classifier) []int { c.Classes = 1; return []int{0} },
		"Logits: is nil":          func(c *score.Classifier) []int { c.Logits = nil; return []int{0} },
		"gives 2 columns, want 3": func(c *score.Classifier) []int { c.Classes = 3; return []int{0} },
		"Weights: are 1":          func(c *score.Classifier) []int { c.Weights = c.Weights[:1]; return []int{0} },
		"Weights: are 5":          func(c *score.Classifier) []int { c.Weights = make([]float32, 5); return []int{0} },
		"Logits: gives nil": func(c *score.Classifier) []int {
			c.Logits = func(y, level *ad.Expr) *ad.Expr { return nil }
			return []int{0}
		},
		"Frame: has 3 shifts":              func(c *score.Classifier) []int { c.Frame.Shift = make([]float64, 3); return []int{0} },
		"Frame: has 0 shifts and 1 scales": func(c *score.Classifier) []int { c.Frame.Scale = []float64{2}; return []int{0} },
		"Weights[1]: is NaN":               func(c *score.Classifier) []int { c.Weights = []float32{0, float32(math.NaN())}; return []int{0} },
		"has no class":                     func(c *score.Classifier) []int { return nil },
		"class 2 of row 1 does not ":       func(c *score.Classifier) []int { return []int{0, 2} },
	} {
		c := good
		_, err := c.Given(change(&c)...)
		require.ErrorContains(t, err, says)
	}
}

// Nothing but the run says how many columns an exact score has.
func TestClassifierOfOtherColumnsIsRefused(t *testing.T) {
	all, _, _, c := sides()
	c.Columns = 3
	p, err := c.Given(1)
	require.NoError(t, err)
	g, err := sde.GuideByClassifier(all, p, 1)
	require.NoError(t, err)
	require.NoError(t, g.Validate(5, 3))
	require.ErrorContains(t, g.Validate(5, 2), "the run has 2 columns, Problem.Frame 3 shifts")
	all.Frame = sde.Frame{Shift: []float64{0, 0}, Scale: []float64{1, 1}}
	_, err = sde.GuideByClassifier(all, p, 1)
	require.ErrorContains(t, err, "Problem.Frame")
}

// A network that knows the class of noised rows guides the score of all rows, here of two
// equal blobs around (±1, 0): its logit of the right one is 2y₁/(s² + σ²).
func ExampleClassifier() {
	all, _, _, _ := sides()
	c := score.Classifier{
		Process: sde.EDM{}, Columns: 2, Classes: 2, Weights: []float32{0, 2},
		Logits: func(y, level *ad.Expr) *ad.Expr {
			variance := ad.Shift(ad.Exp(ad.Scale(2, level)), 0.25)
			return ad.Div(ad.Mul(ad.Slice(y, 0, 1), ad.Param("slopes", 1, 2, 0)), variance)
		},
	}
	classifier, err := c.Given(1)
	if err != nil {
		log.Fatal(err)
	}
	guided, err := sde.GuideByClassifier(all, classifier, 1)
	if err != nil {
		log.Fatal(err)
	}
	y, s := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
	for _, p := range []sde.Problem{all, guided} {
		p.Score.Score(s, y, []float64{0.5})
		fmt.Printf("%.1f\n", s.RawRowView(0))
	}
	// Output:
	// [0.0 0.0]
	// [2.0 0.0]
}
