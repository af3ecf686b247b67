package score

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
)

// Two measures of the average of the weights, one inside the other, in both
// kinds of record; the run has the bits it has without them.
func TestMeasuresAreRecordedWhenTheyAreDue(t *testing.T) {
	want := newModel(t, 2, Config{})
	result := fit(t, want, moons(), quick(25))

	m := newModel(t, 2, Config{})
	var jsonl, table bytes.Buffer
	seen := &recorded{}
	calls := 0
	first := func() (float64, error) { return float64(m.theta[0]), nil }
	s := quick(25)
	s.Recorder = &Measure{Name: "first_weight", Every: 10, Of: first, To: &Measure{
		Name: "λ2", Of: func() (float64, error) { calls++; return math.Inf(1), nil },
		To: Recorders{seen, &JSONLines{W: &jsonl}, &CSV{W: &table}},
	}}
	require.Equal(t, result, fit(t, m, moons(), s))
	require.Equal(t, state(want), state(m))
	require.Equal(t, 1, calls, "after the last step at least")
	require.Len(t, seen.metrics, 25)

	lines := strings.Split(table.String(), "\n")
	require.Equal(t, "step,loss,grad_norm,rate,held_out,first_weight,λ2", lines[0])
	objects := strings.Split(jsonl.String(), "\n")
	for step := 1; step <= 25; step++ {
		cells := strings.Split(lines[step], ",")
		require.Len(t, cells, 7)
		due := step == 10 || step == 20 || step == 25
		require.Equal(t, due, cells[5] != "", "step %d", step)
		require.Equal(t, due, strings.Contains(objects[step-1], `,"first_weight":`+cells[5]+"}"), "step %d", step)
		require.NotContains(t, objects[step-1], "λ2", "JSON has no infinity")
		if step < 25 {
			require.Empty(t, cells[6])
		}
	}
	require.Contains(t, lines[25], ","+string(appendNumber(nil, float64(want.theta[0])))+",+Inf", "the model is the average")
}

func TestErrorOfAMeasureEndsTheRun(t *testing.T) {
	m := newModel(t, 2, Config{})
	fails := &Measure{Name: "nll", Every: 7, To: &recorded{}, Of: func() (float64, error) { return 0, errStop }}
	s := quick(20)
	s.Recorder = fails
	r, err := Fit(background, m, moons(), s)
	require.ErrorIs(t, err, errStop)
	require.ErrorContains(t, err, "score: Fit: recorder after step 7: measure nll: ")
	require.Equal(t, 7, r.Steps)

	unpublished := Metrics{Step: 7, publish: func() error { return errors.ErrUnsupported }}
	require.ErrorIs(t, fails.Record(unpublished), errors.ErrUnsupported)
}

func TestImpossibleMeasuresAreRefused(t *testing.T) {
	of := func() (float64, error) { return 0, nil }
	to := &recorded{}
	for want, r := range map[string]Recorder{
		`Measure.Name is "", want letters`:                     &Measure{Of: of, To: to},
		`Measure.Name is "held-out", want letters`:             &Measure{Name: "held-out", Of: of, To: to},
		`Measure.Name is "\xff", want letters`:                 &Measure{Name: "\xff", Of: of, To: to},
		`Measure.Name is "loss", which every step has already`: &Measure{Name: "loss", Of: of, To: to},
		`Measure.Every is -1, want a positive number`:          &Measure{Name: "nll", Every: -1, Of: of, To: to},
		`Measure.Of is nil`:                                    &Measure{Name: "nll", To: to},
		`Measure.To is nil`:                                    &Measure{Name: "nll", Of: of},
		`Measure.Every is -2`:                                  Recorders{to, &Measure{Name: "a", Of: of, To: &Measure{Name: "b", Every: -2, Of: of, To: to}}},
	} {
		s := quick(3)
		s.Recorder = r
		got, err := Fit(background, newModel(t, 2, Config{}), moons(), s)
		require.Nil(t, got)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "score: Fit: Settings.Recorder: ")
		require.ErrorContains(t, err, want)
	}
}

func TestMeasuresDoNotAllocate(t *testing.T) {
	var b bytes.Buffer
	b.Grow(1 << 20)
	r := &Measure{Name: "nll", Every: 5, Of: func() (float64, error) { return 1.5, nil }, To: &JSONLines{W: &b}}
	m := Metrics{Loss: 1.25}
	require.Zero(t, testing.AllocsPerRun(20, func() { m.Step++; require.NoError(t, r.Record(m)) }))
	require.NoError(t, nn.Validate(r))
}
