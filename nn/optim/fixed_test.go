package optim_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// Numbers that no step can be made with passed validation: an Epsilon that float32
// does not hold, an infinite OneCycle.Divide.
func TestNumbersThatCannotBeAreNamed(t *testing.T) {
	rate := optim.Constant(1)
	valid := []any{
		optim.Adam[float32]{}, optim.AMSGrad[float32]{}, optim.RAdam[float32]{}, optim.NAdam[float32]{}, optim.SGD[float32]{},
		optim.RMSprop[float32]{}, optim.Adagrad[float32]{}, optim.SOAP[float32]{}, optim.Muon[float32]{},
		optim.Cosine{Peak: 1, Steps: 1}, optim.CosineRestarts{Peak: 1, Steps: 1}, optim.OneCycle{Peak: 1, Steps: 10},
		optim.SlowStart{Then: rate}, optim.StepDecay{Peak: 1, Every: 1}, optim.Milestones{Peak: 1}, optim.Exponential{Peak: 1, Factor: 1},
		optim.Polynomial{From: 1, Steps: 1}, optim.InversePower{Peak: 1, Steps: 1},
		optim.EMA[float32]{}, optim.HalfLife{Steps: 1}, optim.PowerFunction{}, optim.PowerRamp{},
	}
	tried := map[string]bool{"Group.WeightDecay": true} // below
	for _, v := range valid {
		r := reflect.New(reflect.TypeOf(v))
		r.Elem().Set(reflect.ValueOf(v))
		require.NoError(t, nn.Validate(r.Interface()))
		name, _, _ := strings.Cut(r.Elem().Type().Name(), "[")
		for i := range r.Elem().NumField() {
			f := r.Elem().Type().Field(i)
			if !f.IsExported() || f.Type.Kind() != reflect.Float64 {
				continue
			}
			tried[name+"."+f.Name] = true
			before := r.Elem().Field(i).Float()
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
				r.Elem().Field(i).SetFloat(bad)
				err := nn.Validate(r.Interface())
				require.ErrorIs(t, err, nn.ErrRange, "%s.%s = %v", name, f.Name, bad)
				require.ErrorContains(t, err, "optim: "+name+"."+f.Name+": is ")
			}
			r.Elem().Field(i).SetFloat(before)
		}
	}
	untried := floatFields(t)
	maps.DeleteFunc(untried, func(field string, _ bool) bool { return tried[field] })
	require.Empty(t, untried, "add the smallest valid value of each type to valid")

	for _, bad := range []float64{math.NaN(), math.Inf(1), -1, 1e300} {
		for _, v := range []any{
			optim.Constant(-math.Abs(bad)),
			&optim.GroupDecay[float32]{Optimizer: new(optim.SGD[float32]), Groups: []optim.Group{{Names: "*", WeightDecay: bad}}},
			&optim.Adagrad[float32]{Initial: bad}, &optim.SGD[float32]{WeightDecay: bad}, &optim.Adam[float32]{Epsilon: bad},
		} {
			require.ErrorIs(t, nn.Validate(v), nn.ErrRange, "%#v", v)
		}
	}
	require.ErrorContains(t, nn.Validate(&optim.Adam[float32]{Epsilon: 1e-60}), "optim: Adam.Epsilon: is 1e-60, want a positive number")
	require.NoError(t, nn.Validate(&optim.Adam[float64]{Epsilon: 1e-60}))
}

// floatFields returns the float64 fields of the exported types of the package.
func floatFields(t *testing.T) map[string]bool {
	fields := map[string]bool{}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range s.Fields.List {
					if name, ok := field.Type.(*ast.Ident); ok && name.Name == "float64" {
						for _, n := range field.Names {
							if n.IsExported() {
								fields[spec.Name.Name+"."+n.Name] = true
							}
						}
					}
				}
			}
			return true
		})
	}
	return fields
}

// A nil pointer in an Optimizer or a Rate was a panic without a name.
func TestNilPointersAreNamed(t *testing.T) {
	var adam *optim.Adam[float32]
	require.EqualError(t, nn.Validate(adam), "nn: a nil *optim.Adam[float32]: out of range")
	require.ErrorContains(t, nn.Validate(&optim.GroupDecay[float32]{Optimizer: adam}), "a nil *optim.Adam[float32]")
	var then *optim.Cosine
	require.ErrorContains(t, nn.Validate(optim.WarmUp{Then: then}), "a nil *optim.Cosine")
	require.ErrorContains(t, nn.Validate(optim.SlowStart{}), "SlowStart.Then: is <nil>, want a Rate")
	var average *optim.HalfLife
	require.ErrorContains(t, nn.Validate(optim.EMA[float32]{By: average}), "a nil *optim.HalfLife")
}

// One gradient of 3e20 made the mean of squares infinite, and the weight stood still
// for ever.
func TestOneHugeGradientFreezesNoWeight(t *testing.T) {
	const minimum = 3
	for name, o := range optimizers[float32](0) {
		for _, huge := range []float32{3e20, math.MaxFloat32} {
			theta := make([]float32, 4)
			optim.Step(o, theta, []float32{0.1, -0.1, 0.1, -0.1}, 0, 1e-3)
			if name == "RAdam" || name == "SGD" || name == "Momentum" || name == "Nesterov" {
				continue // whose steps have the length of the gradient
			}
			for step := 1; step <= 4; step++ {
				optim.Step(o, theta, []float32{huge, -huge, 1, 0}, step, 1e-3)
			}
			if name != "Shampoo" { // of rank one on both sides: the rest is rounding
				require.Less(t, float64(theta[0]), -1e-4, name)
			}
			for _, v := range o.State() {
				for _, x := range v {
					require.False(t, math.IsInf(float64(x), 0) || x != x, "%s has %v in its state", name, x)
				}
			}
			if name == "AMSGrad" || name == "Adagrad" {
				continue // which never forget
			}
			for step := 5; step < 20000; step++ {
				g := make([]float32, 4)
				for i, v := range theta {
					g[i] = v - minimum
				}
				optim.Step(o, theta, g, step, 2e-3)
			}
			require.InDeltaSlice(t, []float32{minimum, minimum, minimum, minimum}, theta, 0.01, name)
		}
	}
}

// Lengths of cycles that overflow made At loop for ever.
func TestCyclesThatOutgrowAnIntEnd(t *testing.T) {
	for _, growth := range []int{2, 10, math.MaxInt/2 + 1, math.MaxInt} {
		c := optim.CosineRestarts{Peak: 1, Steps: 3, Growth: growth}
		require.NoError(t, nn.Validate(c))
		require.Equal(t, 1.0, c.At(3), "the second cycle begins")
		for _, step := range []int{4, 1000, math.MaxInt / 2, math.MaxInt} {
			rate := c.At(step)
			require.True(t, rate >= 0 && rate <= 1, "%d: %v", step, rate)
		}
	}
	require.Equal(t, optim.CosineRestarts{Peak: 1, Steps: 7}.At(3), optim.CosineRestarts{Peak: 1, Steps: 7}.At(math.MaxInt/7*7+3-7))
}

// A weight decay of 1e17 passed validation and drove all weights to infinity.
func TestWeightDecaysAreBounded(t *testing.T) {
	for _, bad := range []float64{100.1, 1e17, 1e30} {
		for want, o := range map[string]any{
			"Adam.WeightDecay":    &optim.Adam[float32]{WeightDecay: bad},
			"AMSGrad.WeightDecay": &optim.AMSGrad[float32]{WeightDecay: bad},
			"RAdam.WeightDecay":   &optim.RAdam[float32]{WeightDecay: bad},
			"NAdam.WeightDecay":   &optim.NAdam[float64]{WeightDecay: bad},
			"RMSprop.WeightDecay": &optim.RMSprop[float32]{WeightDecay: bad},
			"Adagrad.WeightDecay": &optim.Adagrad[float64]{WeightDecay: bad},
			"SOAP.WeightDecay":    &optim.SOAP[float32]{WeightDecay: bad},
			"Muon.WeightDecay":    &optim.Muon[float32]{WeightDecay: bad},
			"SGD.WeightDecay":     &optim.SGD[float32]{WeightDecay: bad},
			"GroupDecay.Groups[0].WeightDecay": &optim.GroupDecay[float32]{
				Optimizer: new(optim.SGD[float32]), Groups: []optim.Group{{Names: "*", WeightDecay: bad}},
			},
		} {
			err := nn.Validate(o)
			require.ErrorIs(t, err, nn.ErrRange, want)
			require.ErrorContains(t, err, "optim: "+want+": is ")
			require.ErrorContains(t, err, "want a number ≥ 0, up to 100")
		}
	}
	for name, o := range optimizers[float32](100) {
		require.NoError(t, nn.Validate(o), name)
	}
}

// The number of a step after the largest int is negative: SlowStart gave −Inf, and
// Milestones were forgotten.
func TestTheLastStepsHaveARate(t *testing.T) {
	rate := optim.Constant(1)
	for want, r := range map[float64][]optim.Rate{
		1: {optim.SlowStart{Factor: 5e-324, Then: rate}, optim.SlowStart{Then: rate}, optim.WarmUp{Steps: math.MaxInt, Then: rate}},
		0.25: {
			optim.Milestones{Peak: 1, Factor: 0.5, Steps: []int{1, 5}}, optim.Milestones{Peak: 1, Factor: 0.5, Steps: []int{1, math.MaxInt}},
			optim.StepDecay{Peak: 1, Factor: 0.5, Every: math.MaxInt / 2}, optim.Cosine{Peak: 1, Floor: 0.25, Steps: math.MaxInt},
			optim.Polynomial{From: 1, To: 0.25, Steps: math.MaxInt},
		},
	} {
		for _, r := range r {
			require.NoError(t, nn.Validate(r))
			require.InDelta(t, want, r.At(math.MaxInt), 1e-12, "%#v", r)
		}
	}
	require.Equal(t, 0.5, optim.Milestones{Peak: 1, Factor: 0.5, Steps: []int{4, 6}}.At(4))
	require.Equal(t, 0.5, optim.Milestones{Peak: 1, Factor: 0.5, Steps: []int{4, 6}}.At(5))
	require.Equal(t, 1.0, optim.Milestones{Peak: 1, Factor: 0.5, Steps: []int{4, 6}}.At(3))
	for _, a := range []optim.Averaging{optim.PowerFunction{}, optim.HalfLife{Steps: 10}, optim.PowerRamp{}} {
		β := a.Beta(math.MaxInt)
		require.True(t, β >= 0 && β <= 1, "%#v: %v", a, β)
	}
}
