package sampler_test

import (
	"context"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/stretchr/testify/require"
)

func TestFixtureProbabilityFlowByAdaptiveSteps(t *testing.T) {
	t.Parallel()
	type record struct {
		setting
		Eps  float64       `json:"eps"`
		Z    fixture.Array `json:"z"`
		RTol float64       `json:"rtol"`
		ATol float64       `json:"atol"`
		X    fixture.Array `json:"x"`
		NFE  int           `json:"nfe"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		ODE      []record          `json:"ode"`
	}](t, "pc")
	fixture.Each(t, file.ODE, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
		p := c.problem(t, file.Mixtures)
		_, end := p.Span()
		x := c.Z.Dense()
		var calls int
		pred := sampler.DormandPrince{RTol: c.RTol, ATol: c.ATol}
		s := &sampler.Settings{Grid: []float64{end, c.Eps}, Final: sampler.FinalState}
		for st, err := range sampler.StepsFrom(context.Background(), x, p, pred, s) {
			require.NoError(t, err)
			calls = st.Evaluations()
		}
		near(t, c.X, x, 1e-6)
		t.Logf("%d evaluations, the peer's %d on its batch", calls, c.NFE)
	})
}
