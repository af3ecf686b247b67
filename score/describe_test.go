package score

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
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
	require.ErrorIs(t, err, ErrOpaque)
	require.ErrorContains(t, err, "score: Save: a value has no description: Config.Process.Alpha is a func; give sde.Schedule, or a type around it, a GoString method")
	require.Zero(t, b.Len())
	require.ErrorIs(t, m.SaveFile(t.TempDir()+"/m"), ErrOpaque)

	m = newModel(t, 2, Config{Process: told{own, "e^t"}})
	require.NoError(t, m.Save(&b))
	file := b.Bytes()
	require.NoError(t, newModel(t, 2, Config{Process: told{own, "e^t"}}).Load(bytes.NewReader(file)))
	refused(t, newModel(t, 2, Config{Process: told{own, "2^t"}}), file, ErrMismatch, "told{e^t} in the file,\n\ttold{2^t} in the model")
}

func TestDescriptionsAreThoseOfGo(t *testing.T) {
	type inner struct{ P *int }
	for _, c := range []struct {
		v    any
		want string // "" when it has none
		say  string
	}{
		{nil, "<nil>", ""},
		{sde.EDM{}, "sde.EDM{SigmaMin:0, SigmaMax:0}", ""},
		{&sde.EDM{SigmaMax: 3}, "&sde.EDM{SigmaMin:0, SigmaMax:3}", ""},
		{inner{}, "score.inner{P:(*int)(nil)}", ""},
		{nn.Sequential{nn.SiLU{}, named{text: "x"}}, "nn.Sequential{nn.SiLU{}, score.named{SiLU:nn.SiLU{}, text:\"x\"}}", ""},
		{inner{new(int)}, "", "v.P is a pointer"},
		{[]any{1, &inner{}}, "", "v[1] is a pointer"},
		{[2]any{1, struct{ c chan int }{make(chan int)}}, "", "v[1].c is a chan"},
		{map[string]any{"a": fmt.Sprint}, "", "v[…] is a func"},
	} {
		got, err := describe("v", c.v)
		if c.say == "" {
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			continue
		}
		require.ErrorIs(t, err, ErrOpaque)
		require.ErrorContains(t, err, c.say)
	}
}

// named is a module that is all description.
type named struct {
	nn.SiLU
	text string
}

func TestOptimiserIsDescribedWithoutItsState(t *testing.T) {
	a := &optim.Adam[float32]{Beta1: 0.8}
	want, err := describe("", hyperparameters(a))
	require.NoError(t, err)
	require.Contains(t, want, "Beta1:0.8")
	theta, grad := []float32{1, 2}, []float32{3, 4}
	optim.Step(a, theta, grad, 0, 1)
	got, err := describe("", hyperparameters(a))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NotEmpty(t, a.State()[0], "it keeps its state")
	p := &poison{}
	optim.Step(&p.Adam, theta, grad, 0, 1)
	got, _ = describe("", hyperparameters(p))
	require.NotContains(t, got, "0.3")
}
