package score

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// own is a process of one's own functions: α = 1, σ = eᵗ.
var own = sde.Schedule{
	Alpha: func(float64) (value, derivative float64) { return 1, 0 },
	Sigma: func(t float64) (value, derivative float64) { return math.Exp(t), math.Exp(t) },
	Start: 0, End: 5,
}

// told is a process whose functions have a description.
type told struct {
	sde.Schedule
	text string
}

func (t told) GoString() string { return "told{" + t.text + "}" }

func TestFunctionsAreNotSavedByTheirAddress(t *testing.T) {
	m := newModel(t, 2, Config{Process: own})
	var b bytes.Buffer
	err := m.Save(&b)
	require.ErrorIs(t, err, ErrNotSerializable)
	require.ErrorContains(t, err, "score: Save: Config.Process.Alpha is a func; give sde.Schedule, or a type around it, a GoString method")
	require.Zero(t, b.Len())
	require.ErrorIs(t, m.SaveFile(t.TempDir()+"/m"), ErrNotSerializable)

	m = newModel(t, 2, Config{Process: told{own, "e^t"}})
	require.NoError(t, m.Save(&b))
	file := b.Bytes()
	require.NoError(t, newModel(t, 2, Config{Process: told{own, "e^t"}}).Load(bytes.NewReader(file)))
	refused(t, newModel(t, 2, Config{Process: told{own, "2^t"}}), file, ErrMismatch, "told{e^t} in the file,\n\ttold{2^t} in the model")
}

func TestDescriptionsAreGoExpressions(t *testing.T) {
	type inner struct {
		P *int
		Q any
	}
	type ring struct{ Next *ring }
	round := &ring{}
	round.Next = round
	table, err := sde.NewNCSN([]float64{0.5, 2})
	require.NoError(t, err)
	for _, c := range []struct {
		v    any
		want string // "" when it has none
		say  string
	}{
		{nil, "nil", ""},
		{sde.EDM{}, "sde.EDM{}", ""},
		{&sde.EDM{SigmaMax: 3}, "&sde.EDM{SigmaMax:3}", ""},
		{inner{}, "score.inner{}", ""},
		{inner{P: new(int)}, "score.inner{P:&0}", ""},
		{&inner{Q: &inner{Q: float32(0.1)}}, "&score.inner{Q:&score.inner{Q:0.1}}", ""},
		{table, "sde.NewDiscrete([]float64{0, 0}, []float64{0.25, 3.75})", ""},
		{inner{Q: math.Copysign(0, -1)}, "score.inner{Q:-0}", ""},
		{nn.MLP{Hidden: []int{}, Conditioning: nn.Additive, Activation: nn.ELU{A: math.Inf(1)}}, "nn.MLP{Hidden:[]int{}, Activation:nn.ELU{A:+Inf}, Conditioning:1}", ""},
		{nn.Sequential{nn.SiLU{}, nil, named{text: "x"}}, "nn.Sequential{nn.SiLU{}, nil, score.named{text:\"x\"}}", ""},
		{[]any{optim.Constant(2), true, uint8(3), 1i}, "[]interface {}{optim.Constant(2), true, 3, (0+1i)}", ""},
		{map[string]any{"b": 2, "a": 1}, "map[string]interface {}{\"a\":1, \"b\":2}", ""},
		{bytes.MinRead, "512", ""},
		{inner{Q: bytes.Reader{}}, "score.inner{Q:bytes.Reader{}}", ""},
		{[2]any{1, struct{ c chan int }{make(chan int)}}, "", "v[1].c is a chan"},
		{map[string]any{"a": fmt.Sprint}, "", "v[…] is a func"},
		{inner{Q: fmt.Sprint}, "", "v.Q is a func"},
		{round, "", "is too deep"},
	} {
		got, _, err := describe("v", c.v)
		if c.say == "" {
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			continue
		}
		require.ErrorIs(t, err, ErrNotSerializable)
		require.ErrorContains(t, err, c.say)
	}
}

// A package of the user's own may have the name of one of ours.
func TestTypesOfOtherPackagesHaveTheirWholePath(t *testing.T) {
	text, own, err := describe("v", noise.White{})
	require.NoError(t, err)
	require.Equal(t, "noise.White{}", text)
	require.Equal(t, []string{"noise.White in v"}, own)
	require.Equal(t, "[]*log/slog.Attr", typeName(reflect.TypeFor[[]*slog.Attr]()))
}

// named is a module that is all description.
type named struct {
	nn.SiLU
	text string
}

func TestOptimiserIsDescribedWithoutItsState(t *testing.T) {
	a := &optim.Adam[float32]{Beta1: 0.8}
	want, err := describeExported("", a)
	require.NoError(t, err)
	require.Contains(t, want, "Beta1:0.8")
	theta, grad := []float32{1, 2}, []float32{3, 4}
	optim.Step(a, theta, grad, 0, 1)
	got, err := describeExported("", a)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NotEmpty(t, a.State()[0], "it keeps its state")
	p := &poison{}
	optim.Step(&p.Adam, theta, grad, 0, 1)
	got, _ = describeExported("", p)
	require.NotContains(t, got, "0.3")

	// One inside another, too.
	grouped := &optim.GroupDecay[float32]{Optimizer: a, Groups: []optim.Group{{Names: "*weight", WeightDecay: 0.01}}}
	got, err = describeExported("", grouped)
	require.NoError(t, err)
	require.Equal(t, `&optim.GroupDecay[float32]{Optimizer:&optim.Adam[float32]{Beta1:0.8}, Groups:[]optim.Group{optim.Group{Names:"*weight", WeightDecay:0.01}}}`, got)
}
