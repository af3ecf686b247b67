package sampler_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// everyMethod are the zero values of all predictors and correctors, with what some of
// them cannot do without.
var everyMethod = []any{
	sampler.AdaptiveSDE{}, sampler.Ancestral{}, sampler.DDIM{}, sampler.DEIS{}, sampler.DPM2{}, sampler.DPM2Ancestral{},
	sampler.DPMAdaptive{}, sampler.DPMFast{}, sampler.DPMSolver{}, sampler.DPMpp2M{}, sampler.DPMpp2MSDE{}, sampler.DPMpp2S{},
	sampler.DPMpp2SAncestral{}, sampler.DPMpp3M{}, sampler.DPMpp3MSDE{}, sampler.DPMppSDE{}, sampler.DormandPrince{},
	sampler.Euler{}, sampler.EulerAncestral{}, sampler.EulerMaruyama{}, sampler.FlowMap{}, sampler.Heun{}, sampler.LMS{}, sampler.NoPredictor{},
	sampler.ReverseDiffusion{}, sampler.RungeKutta{}, sampler.UniPC{},
	sampler.DAPS{Observation: projected(1, 0)}, sampler.Replace{Observation: seen(0)}, sampler.Twisted{},
	sampler.Steered{Reward: reward(func([]float64) float64 { return 0 })},
	sampler.Gibbs{}, sampler.Langevin{}, sampler.MALA{}, sampler.Renoise{},
}

func TestTheTableOfMethodsIsComplete(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, m := range everyMethod {
		got = append(got, reflect.TypeOf(m).Name())
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Predict" && f.Name.Name != "Correct" {
				continue
			}
			if name, ok := f.Recv.List[0].Type.(*ast.Ident); ok && name.IsExported() {
				want = append(want, name.Name)
			}
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("everyMethod has no sampler.%s: add its zero value", name)
		}
	}
	require.Len(t, got, len(want), "every method once")
}

// spoilt yields the method with one of its numbers made impossible.
func spoilt(m any, yield func(field string, m any)) {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	for _, f := range reflect.VisibleFields(v.Type()) {
		at := v.FieldByIndex(f.Index)
		set := func(values ...any) {
			for _, value := range values {
				at.Set(reflect.ValueOf(value).Convert(f.Type))
				yield(f.Name, v.Interface())
			}
			at.SetZero()
		}
		switch f.Type.Kind() {
		case reflect.Float64:
			set(math.NaN(), -1., math.Inf(1), math.Inf(-1))
		case reflect.Int:
			set(-1, math.MinInt)
		case reflect.Uint8:
			set(uint8(200))
		}
	}
}

// An impossible number is an error before the run, which names the type and the
// field, of every method that has numbers.
func TestImpossibleFieldsAreRefusedBeforeTheRun(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	p := sde.Problem{SDE: g.SDE, Score: scorer(func(_, _ *mat.Dense, _ []float64) { require.Fail(t, "the run has begun") })}
	for _, m := range everyMethod {
		name := reflect.TypeOf(m).Name()
		t.Run(name, func(t *testing.T) {
			spoilt(m, func(field string, m any) {
				what := fmt.Sprintf("%T%+v", m, m)
				x := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
				var pred sampler.Predictor = sampler.DDIM{}
				s := new(sampler.Settings)
				if corr, ok := m.(sampler.Corrector); ok {
					s.Corrector = corr
				} else {
					pred = m.(sampler.Predictor)
				}
				err := sampler.Sample(context.Background(), x, p, pred, s)
				require.ErrorIs(t, err, sampler.ErrRange, what)
				require.ErrorContains(t, err, "sampler: "+name+".", what)
				require.ErrorContains(t, err, field, what)
				require.NotContains(t, err.Error(), "step 1 of", what)
				require.Equal(t, []float64{1, 2, 3, 4}, x.RawMatrix().Data)
			})
			if v, ok := m.(interface{ Validate() error }); ok {
				require.NoError(t, v.Validate(), "without numbers it is ready to use")
			}
		})
	}
}

// A wrapper that hides Validate postpones the error, no more.
func TestAWrapperDoesNotMakeAnImpossibleFieldPossible(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	for _, m := range everyMethod {
		spoilt(m, func(_ string, m any) {
			var pred sampler.Predictor = sampler.DDIM{}
			s := new(sampler.Settings)
			if corr, ok := m.(sampler.Corrector); ok {
				s.Corrector = struct{ sampler.Corrector }{corr}
			} else {
				pred = struct{ sampler.Predictor }{m.(sampler.Predictor)}
			}
			err := sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), g.problem(), pred, s)
			require.ErrorIs(t, err, sampler.ErrRange, "%T%+v", m, m)
		})
	}
}
