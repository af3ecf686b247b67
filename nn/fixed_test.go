package nn_test

import (
	"errors"
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
	"github.com/gradlogp/gradlogp/nn/ad"
)

// A LayerNorm{Epsilon: −1}, a Residual{Scale: NaN} and others like them trained to
// a loss that was not finite, "although data and weights are finite".
func TestNumbersThatCannotBeAreNamed(t *testing.T) {
	modules := []nn.Validator{
		nn.LayerNorm{}, nn.RMSNorm{}, nn.Residual{Body: nn.SiLU{}}, nn.Dropout{}, nn.LeakyReLU{}, nn.ELU{}, nn.Fourier{}, nn.TimeFourier{}, nn.Normal{},
		nn.GroupNorm{Size: []int{1}},
	}
	negative := map[string]bool{"LeakyReLU.A": true, "ELU.A": true, "Residual.Scale": true} // mean something
	tried := map[string]bool{}
	for _, m := range modules {
		require.NoError(t, nn.Validate(m))
		for i := range reflect.TypeOf(m).NumField() {
			field := reflect.TypeOf(m).Name() + "." + reflect.TypeOf(m).Field(i).Name
			if reflect.TypeOf(m).Field(i).Type.Kind() != reflect.Float64 {
				continue
			}
			tried[field] = true
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1} {
				v := reflect.New(reflect.TypeOf(m)).Elem()
				v.Set(reflect.ValueOf(m))
				v.Field(i).SetFloat(bad)
				err := nn.Validate(v.Interface())
				if bad == -1 && negative[field] {
					require.NoError(t, err, field)
					continue
				}
				require.ErrorIs(t, err, nn.ErrRange, "%s = %v", field, bad)
				require.ErrorContains(t, err, "nn: "+field+": is ")
			}
		}
	}
	for _, bad := range []float64{math.NaN(), 1, -1} {
		b := nn.NewBuild(&nn.Params{})
		b.Dropout = bad
		_, err := b.Try(nn.MLP{Hidden: []int{3}}, ad.Input("x", 2))
		require.ErrorContains(t, err, "nn: Dropout.P: is ")
	}
	tried["Build.Dropout"] = true
	untried := floatFields(t)
	maps.DeleteFunc(untried, func(field string, _ bool) bool { return tried[field] })
	require.Empty(t, untried, "add the smallest valid value of each type to modules")
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
							fields[spec.Name.Name+"."+n.Name] = true
						}
					}
				}
			}
			return true
		})
	}
	return fields
}

func TestErrorsNameThePartThatIsWrong(t *testing.T) {
	for want, m := range map[string]nn.Module{
		"nn: Sequential[1]: is <nil>, want a Module":                                    nn.Sequential{nn.SiLU{}, nil},
		"nn: Sequential[0]: Residual.Body: LayerNorm.Epsilon: is -1, want a positive":   nn.Sequential{nn.Residual{Body: nn.LayerNorm{Epsilon: -1}}},
		"nn: Sequential[0]: a nil *nn.MLP":                                              nn.Sequential{(*nn.MLP)(nil)},
		"nn: Parallel[0]: is <nil>, want a Module":                                      nn.Parallel{nil},
		"nn: Parallel: is [], want at least one Module":                                 nn.Parallel{},
		"nn: Residual.Body: is <nil>, want a Module":                                    nn.Residual{},
		"nn: Energy.Net: is <nil>, want a Module":                                       nn.Energy{},
		"nn: Embedded.Body: is <nil>, want a Module":                                    nn.Embedded{},
		"nn: Linear.Out: is 0, want a positive number":                                  nn.Linear{},
		"nn: Linear.Init: a nil *nn.Normal":                                             nn.Linear{Out: 1, Init: (*nn.Normal)(nil)},
		"nn: Linear.Init: Normal.Std: is NaN, want a number ≥ 0":                        nn.Linear{Out: 1, Init: nn.Normal{Std: math.NaN()}},
		"nn: MLP.Hidden[1]: is -3, want a positive number":                              nn.MLP{Hidden: []int{1, -3}},
		"nn: MLP.Activation: ELU.A: is NaN, want a finite number":                       nn.MLP{Activation: nn.ELU{A: math.NaN()}},
		"nn: MLP.Conditioning: is 7, want FiLM or Additive":                             nn.MLP{Conditioning: 7},
		"nn: Condition.Cond: OneHot.Classes: is 0, want a positive number up to 2²⁴":    nn.Condition{Cond: nn.OneHot{}},
		"nn: Embedding.Classes: is 16777217, want a positive number up to 2²⁴":          nn.Embedding{Classes: ad.MostClasses + 1, Out: 1},
		"nn: Columns.To: is 1, want more than From = 1":                                 nn.Columns{From: 1, To: 1},
		"nn: Fourier.High: is 2, want a number ≥ Low = 3, or 0 for the default":         nn.Fourier{Low: 3, High: 2},
		"nn: Conv.Size: is [], want one or two positive numbers":                        nn.Conv{Out: 1},
		"nn: Conv.Size: is [3 0], want one or two positive numbers":                     nn.Conv{Size: []int{3, 0}, Out: 1},
		"nn: Conv.Out: is 0, want a positive number up to 4194304, for 2²⁴ columns":     nn.Conv{Size: []int{2, 2}},
		"nn: Conv.Kernel: is [2], want odd positive numbers, one for each of 1 axes":    nn.Conv{Size: []int{2}, Out: 1, Kernel: []int{2}},
		"nn: Conv.Stride: is -1, want a positive number":                                nn.Conv{Size: []int{2}, Out: 1, Stride: -1},
		"nn: Resample.Up: is 0, want a positive number, or one for Down, which is 0":    nn.Resample{Size: []int{2}},
		"nn: Resample.Up: is 2, want a positive number, or one for Down, which is 2":    nn.Resample{Size: []int{2}, Up: 2, Down: 2},
		"nn: Resample.Down: is 3, want a number that divides [2 6]":                     nn.Resample{Size: []int{2, 6}, Down: 3},
		"nn: GroupNorm.Groups: is -1, want a positive number up to 2²⁴":                 nn.GroupNorm{Size: []int{2}, Groups: -1},
		"nn: Attention.Heads: is -1, want a number ≥ 0":                                 nn.Attention{Size: []int{2}, Heads: -1},
		"nn: Pointwise.Body: is <nil>, want a Module":                                   nn.Pointwise{Size: []int{2}},
		"nn: Mean.Size: is [0], want one or two positive numbers":                       nn.Mean{Size: []int{0}},
		"nn: Positions.Init: Normal.Std: is -1":                                         nn.Positions{Init: nn.Normal{Std: -1}},
		"nn: TransformerBlock.Hidden: is -2, want a positive number":                    nn.TransformerBlock{Size: []int{2}, Hidden: -2},
		"nn: Transformer.Width: is 0, want a positive number":                           nn.Transformer{Size: []int{2}, Blocks: 1},
		"nn: Transformer.Blocks: is 0, want a positive number up to 1024":               nn.Transformer{Size: []int{2}, Width: 2},
		"nn: Transformer.Heads: is 3, want a number that divides Width = 2":             nn.Transformer{Size: []int{2}, Width: 2, Blocks: 1, Heads: 3},
		"nn: Mixer.Patch: is 3, want a number that divides [2 2], or 0 for 1":           nn.Mixer{Size: []int{2, 2}, Patch: 3, Width: 2, Blocks: 1},
		"nn: UNet.Channels: is [], want those of 1 to 24 levels":                        nn.UNet{Size: []int{2}},
		"nn: UNet.Channels[1]: is -1, want a positive number":                           nn.UNet{Size: []int{2}, Channels: []int{1, -1}},
		"nn: UNet.Size: is [6], want multiples of Patch·2^(levels−1) for Patch = 1 and": nn.UNet{Size: []int{6}, Channels: []int{2, 2, 2}},
		"nn: UNet.Patch: is -1, want a positive number":                                 nn.UNet{Size: []int{2}, Channels: []int{4}, Patch: -1},
		"nn: UNet.Heads: is 1, want a number ≥ 0, 0 for the default, for 2²⁴ pairs":     nn.UNet{Size: []int{128, 128}, Channels: []int{4}, Heads: 1},
		"nn: UNet.Heads: is 3, want a number that divides 4 channels":                   nn.UNet{Size: []int{2}, Channels: []int{4}, Heads: 3},
		"nn: TabularTransformer.Width: is 0, want a positive number":                    nn.TabularTransformer{Blocks: 1},
		"nn: LayerNorm.Epsilon: is 1e-60, want a positive number, or 0 for the default": nn.LayerNorm{Epsilon: 1e-60},
	} {
		err := nn.Validate(m)
		require.ErrorIs(t, err, nn.ErrRange, "%#v", m)
		require.ErrorContains(t, err, want)
		_, err = nn.Check(m, 2, 0, 2)
		require.ErrorIs(t, err, nn.ErrRange, "%#v", m)
	}
	require.EqualError(t, nn.Validate((*nn.MLP)(nil)), "nn: a nil *nn.MLP: out of range")
	_, err := nn.Check(nil, 2, 0, 2)
	require.ErrorIs(t, err, nn.ErrRange)
}

// gives is a module that does what it is told.
type gives func(b *nn.Build, x *ad.Expr) *ad.Expr

func (g gives) Apply(b *nn.Build, x *ad.Expr) *ad.Expr { return g(b, x) }

// twoRows gives each sample a second row.
func twoRows(b *nn.Build, x *ad.Expr) *ad.Expr {
	return ad.Regroup(nn.Linear{Out: 4}.Apply(b, x), 2)
}

// A network whose layers do not fit was a panic that named neither the layer nor
// its input.
func TestLayersThatDoNotFitAreAnError(t *testing.T) {
	wide := nn.Linear{Out: 5}
	for want, m := range map[string]nn.Module{
		`layer "1.body.0", nn.Embedding of r×5: nn: Embedding: x is r×5, want r×1, labels, or r×3`: nn.Sequential{wide, nn.Residual{Body: nn.Sequential{nn.Embedding{Classes: 3, Out: 5}}}},
		`layer "0", nn.Columns of r×2: nn: Columns: x is r×2, want columns 1 to 2 of it`:           nn.Sequential{nn.Columns{From: 1, To: 3}},
		`layer "1", nn.LayerNorm of r×1: nn: LayerNorm: x is r×1, want two columns or more`:        nn.Sequential{nn.Linear{Out: 1}, nn.LayerNorm{}},
		`shape mismatch: nn.Energy of r×2: nn: Energy: Net gives r×5, want r×1`:                    nn.Energy{Net: wide},
		`layer "0", nn_test.gives of r×2: nn: nn_test.gives returns nil`:                           nn.Sequential{gives(func(*nn.Build, *ad.Expr) *ad.Expr { return nil })},
		`layer "0", nn_test.gives of r×2: ad: Add: a is r×2, b is 1×3`: nn.Sequential{gives(func(_ *nn.Build, x *ad.Expr) *ad.Expr {
			return ad.Add(x, ad.Row([]float64{1, 2, 3}))
		})},
		`layer "0", nn_test.gives of r×2: nn: parameter 0.w has impossible size 2×0`:                                                nn.Sequential{gives(func(b *nn.Build, _ *ad.Expr) *ad.Expr { return b.Param("w", 2, 0, nn.Ones{}) })},
		`layer "0", nn_test.gives of r×2: no such thing`:                                                                            nn.Sequential{gives(func(*nn.Build, *ad.Expr) *ad.Expr { panic(errors.New("no such thing")) })},
		`layer "1", nn.Conv of r×5: nn: Conv: x is r×5, want numbers for each of 6 positions of Size [2 3]`:                         nn.Sequential{wide, nn.Conv{Size: []int{2, 3}, Out: 1}},
		`shape mismatch: nn.GroupNorm of r×2: nn: GroupNorm: x is r·2×1, want channels that 2 groups divide, and two numbers`:       nn.GroupNorm{Size: []int{2}, Groups: 2},
		`shape mismatch: nn.GroupNorm of r×2: nn: GroupNorm: x is r×2, want`:                                                        nn.GroupNorm{Size: []int{1}, Groups: 2},
		`shape mismatch: nn.Attention of r×2: nn: Attention: x is r·2×1, want channels that 2 heads divide`:                         nn.Attention{Size: []int{2}, Heads: 2},
		`shape mismatch: nn.Resample of r×2: nn: Resample: x is r·2×1, want a multiple of 3 channels to have 3 times the positions`: nn.Resample{Size: []int{2}, Up: 3},
		"the output of nn.Linear is r×5, want r×2":                                                                                  wide,
		"the output of nn_test.gives is r·2×2, want r×2":                                                                            gives(twoRows),
		`nn: Energy: Net gives r·2×1, want r×1`: nn.Energy{Net: nn.Sequential{gives(func(_ *nn.Build, x *ad.Expr) *ad.Expr {
			return ad.Regroup(x, 2)
		})}},
		"nn.SiLU has no parameters":                                nn.SiLU{},
		"the output of nn_test.gives does not depend on its input": gives(func(b *nn.Build, _ *ad.Expr) *ad.Expr { return b.Param("w", 1, 2, nn.Ones{}) }),
	} {
		_, err := nn.Check(m, 2, 0, 2)
		require.ErrorIs(t, err, nn.ErrShape, "%#v", m)
		require.ErrorContains(t, err, want)
	}
	require.Panics(t, func() {
		_, _ = nn.Check(gives(func(*nn.Build, *ad.Expr) *ad.Expr { return ad.Square((*ad.Expr)(nil)) }), 2, 0, 2)
	}, "an error of the Go runtime is a fault of the module, not of its shape")
	p, err := nn.Check(nn.RecipeMLP(2, 8), 2, 3, 2)
	require.NoError(t, err)
	require.Positive(t, p.Len())
}

// Two layers of one shape in one scope had the same weights, and nobody was told.
func TestLayersShareWeightsOnlyWhenAsked(t *testing.T) {
	layer := nn.Linear{Out: 2}
	twice := gives(func(b *nn.Build, x *ad.Expr) *ad.Expr { return layer.Apply(b, layer.Apply(b, x)) })
	_, err := nn.Check(nn.Sequential{twice}, 2, 0, 2)
	require.ErrorContains(t, err, `nn: two layers of scope "0" have the parameter weight: give each a Scope of its own, or let the second Share`)
	shared := gives(func(b *nn.Build, x *ad.Expr) *ad.Expr { return layer.Apply(b.Share(), layer.Apply(b, x)) })
	p, err := nn.Check(shared, 2, 0, 2)
	require.NoError(t, err)
	require.Equal(t, 6, p.Len())
}

// An initial weight that is NaN was found at the first step, as that of the loss.
func TestAnInitThatCannotBeIsRefused(t *testing.T) {
	b := nn.NewBuild(new(nn.Params))
	require.PanicsWithValue(t, "nn: parameter w: Normal.Std: is -1, want a number ≥ 0, up to 10⁶: out of range", func() { b.Param("w", 1, 1, nn.Normal{Std: -1}) })
	require.PanicsWithValue(t, "nn: parameter w: a nil *nn.Normal: out of range", func() { b.Param("w", 1, 1, (*nn.Normal)(nil)) })
}

// Every energy multiplies the work of the one inside it, so that a dozen of them
// were never built.
func TestEnergiesInsideEachOtherAreBounded(t *testing.T) {
	var net nn.Module = nn.Linear{Out: 1}
	for range 3 {
		net = nn.Energy{Net: net}
	}
	_, err := nn.NewBuild(&nn.Params{}).Try(net, ad.Input("x", 1))
	require.NoError(t, err)
	for range 12 {
		net = nn.Energy{Net: net}
	}
	_, err = nn.NewBuild(&nn.Params{}).Try(net, ad.Input("x", 1))
	require.ErrorContains(t, err, "an energy inside 3 others, want at most 3")
}

// Frequencies that float32 turns into 0 or whose phases it turns into Inf, and
// factors as large as float32 has, gave scores that are NaN.
func TestNumbersThatFloat32CannotComputeWithAreNamed(t *testing.T) {
	for _, bad := range []float64{5e-324, 1e-60, 1e-39, 1e38} {
		for want, m := range map[string]nn.Module{
			"nn: Fourier.Low: is ":     nn.Fourier{Low: bad, High: max(bad, 8)},
			"nn: TimeFourier.Low: is ": nn.TimeFourier{Low: bad, High: max(bad, 8)},
		} {
			err := nn.Validate(m)
			require.ErrorIs(t, err, nn.ErrRange, "%#v", m)
			require.ErrorContains(t, err, want)
		}
	}
	for want, v := range map[string]any{
		"nn: Fourier.High: is 1e+38, want a number ≥ Low = 1":       nn.Fourier{High: 1e38},
		"nn: TimeFourier.High: is 1e+38, want a number ≥ Low = 0.5": nn.TimeFourier{High: 1e38},
		"nn: Normal.Std: is 1e+38, want a number ≥ 0, up to 10⁶":    nn.Normal{Std: 1e38},
		"nn: LeakyReLU.A: is -1e+38, want a finite number":          nn.LeakyReLU{A: -1e38},
		"nn: Residual.Scale: is 1e+38, want a finite number":        nn.Residual{Body: nn.SiLU{}, Scale: 1e38},
	} {
		err := nn.Validate(v)
		require.ErrorIs(t, err, nn.ErrRange)
		require.ErrorContains(t, err, want)
	}
	// What is allowed is computed.
	for _, m := range []nn.Module{nn.Fourier{Low: 0x1p-126}, nn.Fourier{High: 1 << 24}, nn.TimeFourier{Low: 0x1p-126, High: 1 << 24}} {
		x := ad.Input("x", 1)
		p := &nn.Params{}
		y, err := nn.NewBuild(p).Try(m, x)
		require.NoError(t, err)
		out := make([]float32, y.Cols())
		ad.Compile[float32]([]*ad.Expr{y}, []*ad.Expr{x}).Run(1, nil, nil, [][]float32{out}, [][]float32{{0.7}}, nil)
		for _, v := range out {
			require.False(t, v != v || math.IsInf(float64(v), 0), "%#v gives %v", m, out)
		}
	}
}

// Widths that no memory holds were a panic of makeslice, or the end of the process.
func TestNetworksThatNoMemoryHoldsAreRefused(t *testing.T) {
	for want, m := range map[string]nn.Module{
		"nn: Linear.Out: is 1073741824, want a positive number up to 2²⁴":    nn.Linear{Out: 1 << 30},
		"nn: Linear.Out: is 9223372036854775807, want a positive":            nn.Linear{Out: math.MaxInt},
		"nn: MLP.Hidden[1]: is 1073741824, want a positive number up to 2²⁴": nn.MLP{Hidden: []int{1, 1 << 30}},
		"nn: MLP.Out: is 1073741824, want a positive number up to 2²⁴, or 0": nn.MLP{Out: 1 << 30},
		"nn: Embedding.Out: is 1073741824, want a positive number":           nn.Embedding{Classes: 2, Out: 1 << 30},
		"nn: Conv.Size: is [1048576 1048576], want one or two positive":      nn.Conv{Size: []int{1 << 20, 1 << 20}, Out: 1},
		"nn: Conv.Kernel: is [65535], want odd positive numbers":             nn.Conv{Size: []int{1024}, Out: 1, Kernel: []int{1<<16 - 1}},
		"nn: Attention.Heads: is 0, want a number ≥ 0, 0 for the default":    nn.Attention{Size: []int{1 << 13}},
		"nn: Resample.Up: is 4096, want a number ≥ 0, for 2²⁴ positions":     nn.Resample{Size: []int{64, 64}, Up: 4096},
		"nn: UNet.Channels[0]: is 16777216, want a positive number up to":    nn.UNet{Size: []int{2}, Channels: []int{1 << 24}},
		"nn: Transformer.Blocks: is 1073741824, want a positive number up":   nn.Transformer{Size: []int{2}, Width: 2, Blocks: 1 << 30},
		"nn: TabularTransformer.Width: is 1073741824, want a positive":       nn.TabularTransformer{Width: 1 << 30, Blocks: 1},
		"nn: Fourier.N: is 1073741824, want a positive number up to 2¹⁶":     nn.Fourier{N: 1 << 30},
		"nn: TimeFourier.N: is 9223372036854775807, want a positive":         nn.TimeFourier{N: math.MaxInt},
	} {
		_, err := nn.Check(m, 2, 0, 2)
		require.ErrorIs(t, err, nn.ErrRange, "%#v", m)
		require.ErrorContains(t, nn.Validate(m), want)
	}
	for want, m := range map[string]nn.Module{
		`layer "1", nn.Linear of r×16777216: nn: parameter 1.weight is 16777216×16777216, beside 50331648 weights before it, want at most 268435456 in all`: nn.Sequential{nn.Linear{Out: 1 << 24}, nn.Linear{Out: 1 << 24}},
		`layer "hidden1", nn.Linear of r×65536: nn: parameter hidden1.weight is 65536×65536, beside`:                                                        nn.MLP{Hidden: []int{1 << 16, 1 << 16}},
		`want at most 16777216 columns`: twice(40),
	} {
		_, err := nn.Check(m, 2, 0, 2)
		require.ErrorIs(t, err, nn.ErrShape, "%#v", m)
		require.ErrorContains(t, err, want)
	}
}

// twice doubles the columns n times, without weights.
func twice(n int) nn.Module {
	var all nn.Sequential
	for range n {
		all = append(all, nn.Parallel{nn.Sequential{}, nn.Sequential{}})
	}
	return append(all, nn.Linear{Out: 2})
}

// restless adds a random number to each of its input's, in training or always.
type restless struct{ always bool }

func (r restless) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	if !r.always && !b.Train {
		return x
	}
	return ad.Add(x, b.Random(x.Cols()))
}

// A layer that draws random numbers outside of training was accepted and trained, and
// then panicked in another package at the first score: "random leaves, but no Filler".
func TestRandomNumbersOutsideOfTrainingAreRefused(t *testing.T) {
	net := func(always bool) nn.Module {
		return nn.Sequential{nn.Linear{Out: 3}, nn.Residual{Body: restless{always}}, nn.Linear{Out: 2}}
	}
	_, err := nn.Check(net(false), 2, 0, 2)
	require.NoError(t, err)
	_, err = nn.Check(net(true), 2, 0, 2)
	require.ErrorIs(t, err, nn.ErrRange)
	require.ErrorContains(t, err, `nn: Module: layer "1.body" draws random numbers where Build.Train is false, want them in training only`)

	b := nn.NewBuild(&nn.Params{})
	b.Train = true
	_, err = b.Try(net(true), ad.Input("x", 2))
	require.NoError(t, err)
}
