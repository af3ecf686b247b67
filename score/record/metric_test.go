package record_test

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record"
)

// Two metrics of the average of the weights, one inside the other, in both
// kinds of record; the run has the bits it has without them.
func TestMetricsAreRecordedWhenTheyAreDue(t *testing.T) {
	want := newModel(t)
	result, err := score.Fit(t.Context(), want, normals{}, quick(25))
	require.NoError(t, err)

	m := newModel(t)
	var jsonl, table bytes.Buffer
	seen := &recorded{}
	calls := 0
	first := func() (float64, error) { return firstWeight(t, m), nil }
	s := quick(25)
	s.Recorder = &record.Metric{Name: "first_weight", Every: 10, Of: first, To: &record.Metric{
		Name: "λ2", Of: func() (float64, error) { calls++; return math.Inf(1), nil },
		To: record.All{seen, &record.JSONLines{W: &jsonl}, &record.CSV{W: &table}},
	}}
	watched, err := score.Fit(t.Context(), m, normals{}, s)
	require.NoError(t, err)
	require.Equal(t, result, watched)
	var a, b bytes.Buffer
	require.NoError(t, want.Save(&a))
	require.NoError(t, m.Save(&b))
	require.Equal(t, a.Bytes(), b.Bytes())
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
	require.Contains(t, lines[25], ","+strconv.FormatFloat(firstWeight(t, want), 'g', -1, 64)+",+Inf", "the model is the average")
}

func TestErrorOfAMetricEndsTheRun(t *testing.T) {
	m := newModel(t)
	fails := &record.Metric{Name: "nll", Every: 7, To: &recorded{}, Of: func() (float64, error) { return 0, errStop }}
	s := quick(20)
	s.Recorder = fails
	r, err := score.Fit(t.Context(), m, normals{}, s)
	require.ErrorIs(t, err, errStop)
	require.ErrorContains(t, err, "score: Fit: recorder after step 7: metric nll: ")
	require.Equal(t, 7, r.Steps)
}

// breaks is an optimiser that makes a weight NaN at its seventh step.
type breaks struct{ step int }

func (b *breaks) Begin(_, step int, _ float64) bool {
	b.step = step
	return false
}

func (b *breaks) Update(theta, _ []float32, _ int) {
	if b.step == 6 {
		theta[3] = float32(math.NaN())
	}
}

func (*breaks) State() [][]float32 { return nil }

func TestAMetricOfAModelThatIsNotFiniteIsAnError(t *testing.T) {
	s := quick(20)
	s.Optimizer = &breaks{}
	s.Recorder = &record.Metric{Name: "nll", Every: 7, To: &recorded{}, Of: func() (float64, error) { return 0, nil }}
	_, err := score.Fit(t.Context(), newModel(t), normals{}, s)
	require.ErrorIs(t, err, score.ErrNonFinite)
	require.ErrorContains(t, err, "recorder after step 7: ")
}

func TestImpossibleMetricsAreRefused(t *testing.T) {
	of := func() (float64, error) { return 0, nil }
	to := &recorded{}
	for want, r := range map[string]score.Recorder{
		`Metric.Name: is "", want letters`:                     &record.Metric{Of: of, To: to},
		`Metric.Name: is "held-out", want letters`:             &record.Metric{Name: "held-out", Of: of, To: to},
		`Metric.Name: is "\xff", want letters`:                 &record.Metric{Name: "\xff", Of: of, To: to},
		`Metric.Name: is "loss", which every step has already`: &record.Metric{Name: "loss", Of: of, To: to},
		`Metric.Every: is -1, want a positive number`:          &record.Metric{Name: "nll", Every: -1, Of: of, To: to},
		`Metric.Of: is nil`:                                    &record.Metric{Name: "nll", To: to},
		`Metric.To: is nil`:                                    &record.Metric{Name: "nll", Of: of},
		`CSV.W: is nil, want an io.Writer`:                     record.All{&record.CSV{}},
		`JSONLines.W: is nil`:                                  &record.JSONLines{},
		`All[1]: is nil`:                                       record.All{to, nil},
		`Metric.Every: is -2`:                                  record.All{to, &record.Metric{Name: "a", Of: of, To: &record.Metric{Name: "b", Every: -2, Of: of, To: to}}},
	} {
		s := quick(3)
		s.Recorder = r
		got, err := score.Fit(t.Context(), newModel(t), normals{}, s)
		require.Nil(t, got)
		require.ErrorIs(t, err, score.ErrRange)
		require.ErrorContains(t, err, "Settings.Recorder: ")
		require.ErrorContains(t, err, want)
	}
}

func TestMetricsDoNotAllocate(t *testing.T) {
	var b bytes.Buffer
	b.Grow(1 << 20)
	r := &record.Metric{Name: "nll", Every: 5, Of: func() (float64, error) { return 1.5, nil }, To: &record.JSONLines{W: &b}}
	m := score.Metrics{Loss: 1.25}
	require.Zero(t, testing.AllocsPerRun(20, func() { m.Step++; require.NoError(t, r.Record(m)) }))
	require.NoError(t, nn.Validate(r))
}
