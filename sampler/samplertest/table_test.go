package samplertest_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/samplertest"
	"github.com/stretchr/testify/require"
)

// table holds what sampler's doc says of every method, and more variants: one
// line each.
var table = []samplertest.Claim{
	{Predictor: sampler.EulerMaruyama{}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.Euler{}, Evaluations: 1, Order: 1},
	{Predictor: sampler.Euler{Lambda: 0.5}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.DDIM{}, Evaluations: 1, Order: 1},
	{Predictor: sampler.DDIM{Eta: 0.5}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.DDIM{Eta: 1}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.Heun{}, Evaluations: 2, Order: 2},
	{Predictor: sampler.DPMpp2M{}, Evaluations: 1, Order: 2, Start: 1},
	{Predictor: sampler.DormandPrince{}},
	{Predictor: sampler.ReverseDiffusion{}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.ReverseDiffusion{Flow: true}, Evaluations: 1, Order: 1},
	{Predictor: sampler.Ancestral{Upper: true}, Evaluations: 1, Order: 1, Stochastic: true},
	{Predictor: sampler.Ancestral{}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.DPMSolver{Order: 1}, Evaluations: 1, Order: 1},
	{Predictor: sampler.DPMSolver{Order: 2}, Evaluations: 2, Order: 2},
	{Predictor: sampler.DPMSolver{}, Evaluations: 3, Order: 3},
	{Predictor: sampler.DEIS{Order: 1, Form: sampler.X0Form}, Evaluations: 1, Order: 1},
	{Predictor: sampler.DEIS{Order: 2, Form: sampler.X0Form}, Evaluations: 1, Order: 2, Start: 1},
	{Predictor: sampler.DEIS{Form: sampler.X0Form}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.DEIS{Order: 4, Form: sampler.X0Form}, Evaluations: 1, Order: 4, Start: 3},
	{Predictor: sampler.DEIS{}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.DEIS{Order: 4}, Evaluations: 1, Order: 4, Start: 3},
	{Predictor: sampler.UniPC{Order: 1}, Evaluations: 1, Order: 2, Start: 1},
	{Predictor: sampler.UniPC{Order: 2}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.UniPC{}, Evaluations: 1, Order: 4, Start: 3},
	{Predictor: sampler.UniPC{Order: 2, B1: true}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.DEIS{Form: sampler.VelocityForm}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.DEIS{Order: 4, Form: sampler.VelocityForm}, Evaluations: 1, Order: 4, Start: 3},
	{Predictor: sampler.DEIS{Form: sampler.AngleForm}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.Euler{Lambda: 1, Ratio: true}, Evaluations: 1, Order: 1, Stochastic: true},
	{Predictor: sampler.Heun{Churn: sampler.Churn{SChurn: 5}}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	{Predictor: sampler.RungeKutta{}, Evaluations: 1, Order: 1},
	{Predictor: sampler.RungeKutta{Alpha: 0.5}, Evaluations: 2, Order: 2},
	{Predictor: sampler.RungeKutta{Alpha: 1, Churn: sampler.Churn{SChurn: 5}}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	{Predictor: sampler.DPM2{}, Evaluations: 2, Order: 2},
	{Predictor: sampler.DPM2{Churn: sampler.Churn{SChurn: 5}}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	{Predictor: sampler.DPMpp2S{}, Evaluations: 2, Order: 2},
	{Predictor: sampler.DPMpp3M{}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.DPMpp3M{Published: true}, Evaluations: 1, Order: 2, Start: 2},
	{Predictor: sampler.LMS{Order: 1}, Evaluations: 1, Order: 1},
	{Predictor: sampler.LMS{Order: 2}, Evaluations: 1, Order: 2, Start: 1},
	{Predictor: sampler.LMS{Order: 3}, Evaluations: 1, Order: 3, Start: 2},
	{Predictor: sampler.LMS{}, Evaluations: 1, Order: 4, Start: 3},
	{Predictor: sampler.EulerAncestral{}, Evaluations: 1, Order: 1, Strong: 1, Stochastic: true},
	{Predictor: sampler.EulerAncestral{Eta: 0.5}, Evaluations: 1, Order: 1, Stochastic: true},
	{Predictor: sampler.DPM2Ancestral{}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	{Predictor: sampler.DPMpp2SAncestral{}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	{Predictor: sampler.DPMppSDE{}, Evaluations: 2, Order: 2, Strong: 1, Stochastic: true},
	// On grids as coarse as those here the second order that these have without
	// noise still weighs in their strong order: the doc claims none.
	{Predictor: sampler.DPMpp2MSDE{}, Evaluations: 1, Order: 2, Stochastic: true, Start: 1},
	{Predictor: sampler.DPMpp2MSDE{Heun: true}, Evaluations: 1, Order: 2, Stochastic: true, Start: 1},
	{Predictor: sampler.DPMpp3MSDE{}, Evaluations: 1, Order: 2, Stochastic: true, Start: 2},
	{Predictor: sampler.DPMFast{}, Evaluations: 3, Order: 3},
	{Predictor: sampler.DPMFast{Eta: 1}, Evaluations: 3, Stochastic: true},
	{Predictor: sampler.DPMAdaptive{}},
	{Predictor: sampler.DPMAdaptive{Eta: 1}, Stochastic: true},
	{Predictor: sampler.AdaptiveSDE{}, Stochastic: true},
	{Predictor: sampler.NoPredictor{}},
}

func TestPredictorsKeepTheirClaims(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, c := range table {
		if testing.Short() {
			// One of each type, and no Brownian paths, which take most of the time.
			of := reflect.TypeOf(c.Predictor)
			if seen[of] {
				continue
			}
			seen[of], c.Strong = true, 0
		}
		t.Run(fmt.Sprintf("%T%+v", c.Predictor, c.Predictor), func(t *testing.T) {
			t.Parallel()
			r, err := samplertest.Verify(c)
			t.Logf("weak %.3f, paths %.3f, back %.3f, strong %.3f", r.Weak, r.Path, r.Back, r.Strong)
			require.NoError(t, err)
		})
	}
}

// documented reads the table of sampler's doc: the cells of each row.
func documented(t *testing.T) (rows [][]string) {
	text, err := os.ReadFile("../doc.go")
	require.NoError(t, err)
	columns := regexp.MustCompile(`\s{2,}`)
	for line := range strings.Lines(string(text)) {
		if line, ok := strings.CutPrefix(line, "//\t"); ok && (len(rows) > 0 || strings.HasPrefix(line, "method ")) {
			rows = append(rows, columns.Split(strings.TrimSpace(line), -1))
		} else if len(rows) > 0 {
			break
		}
	}
	require.Equal(t, []string{"method", "evaluations a step", "order", "strong", "stochastic"}, rows[0])
	return rows[1:]
}

// A cell of the doc holds one number or several; words, such as "adaptive" or
// "–", promise none.
func numbers(cell string) (n []int) {
	for _, digits := range regexp.MustCompile(`\d+`).FindAllString(cell, -1) {
		v, _ := strconv.Atoi(digits)
		n = append(n, v)
	}
	if strings.Contains(cell, "…") {
		for v, last := n[0]+1, n[len(n)-1]; v < last; v++ {
			n = append(n, v)
		}
	}
	return n
}

func TestTheDocSaysWhatIsMeasured(t *testing.T) {
	claims := map[string][]samplertest.Claim{}
	for _, c := range table {
		name := reflect.TypeOf(c.Predictor).Name()
		claims[name] = append(claims[name], c)
	}
	for _, row := range documented(t) {
		require.Len(t, row, 5, "the row of %s", row[0])
		name, _, _ := strings.Cut(row[0], "{")
		evaluations, order, strong, stochastic := numbers(row[1]), numbers(row[2]), numbers(row[3]), row[4]
		if row[2] == "corrector" {
			continue
		}
		switch name {
		case "Twisted", "Steered", "DAPS", "Replace": // need an observation, which this table has none of
			require.Empty(t, append(order, strong...), "%s promises an order that is not measured", name)
			continue
		case "FlowMap": // needs a map, which a score has not, and has the map's error
			continue
		}
		measured := claims[name]
		delete(claims, name)
		require.NotEmpty(t, measured, "%s is in the doc but not in the table", name)
		always := stochastic == "yes" || strings.HasPrefix(stochastic, "yes ")
		never := stochastic == "no" || strings.HasPrefix(stochastic, "no ")
		seen, strongSeen := map[int]bool{}, map[int]bool{}
		for _, c := range measured {
			what := fmt.Sprintf("%T%+v", c.Predictor, c.Predictor)
			if c.Evaluations != 0 {
				require.Contains(t, evaluations, c.Evaluations, "evaluations of %s", what)
			}
			if c.Order != 0 {
				require.Contains(t, order, c.Order, "order of %s", what)
				seen[c.Order] = true
			}
			if !c.Stochastic && c.Order != 0 && name != "DPMFast" { // whose last steps are of lower order
				back, ok := c.Predictor.(sampler.Reversible)
				require.True(t, ok && back.Reversible(), "%s has no noise, but does not encode", what)
			}
			if c.Strong != 0 {
				require.Contains(t, strong, int(c.Strong), "strong order of %s", what)
				strongSeen[int(c.Strong)] = true
			}
			require.False(t, always && !c.Stochastic || never && c.Stochastic, "%s: stochastic %v, the doc says %q", what, c.Stochastic, stochastic)
		}
		for _, o := range strong {
			require.True(t, strongSeen[o], "the strong order %d of %s is not measured", o, name)
		}
		for _, o := range order {
			require.True(t, seen[o], "the order %d of %s is not measured", o, name)
		}
	}
	require.Empty(t, claims, "in the table but not in the doc")
}
