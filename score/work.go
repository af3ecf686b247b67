package score

import (
	"cmp"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// A network that uses its weights in many places of a row, as convolutions, attention
// and mixers do, learns from all of them: it wants fewer rows in a step and fewer steps,
// each of which takes longer.
const (
	manyPlaces = 8    // products that such a network takes for a weight and row, or more
	stepWork   = 5e8  // products of a default step, up to leastBatch
	runWork    = 8e12 // of a default run, up to leastSteps: some 10 to 30 minutes on two cores
	longWork   = 4 * runWork
	leastBatch = 64
	leastSteps = 2000
)

// affordable returns the recipe for a network of one's own, with the Batch and Steps
// that it can make in some minutes where s leaves the choice, and what is to be said
// when it cannot.
func (r Recipe) affordable(m *Model, s *Settings) (Recipe, string) {
	work := m.work()
	batch, steps := cmp.Or(s.Batch, r.Batch), cmp.Or(s.Steps, r.Steps)
	if work >= manyPlaces*float64(m.params.Len()) {
		for s.Batch == 0 && batch > leastBatch && float64(batch)*work > stepWork {
			batch /= 2
		}
		if most := runWork / (float64(batch) * work); s.Steps == 0 && most < float64(steps) {
			steps = min(steps, max(leastSteps, int(most)))
		}
	}
	r.Batch, r.Steps = batch, steps
	if total := float64(batch) * float64(steps) * work; s.Steps == 0 && total > longWork {
		return r, fmt.Sprintf("%d steps of %d rows, the defaults, take hours with this network, of some %.1g products a row: set Settings.Steps and Batch, or take a smaller network", steps, batch, work)
	}
	return r, ""
}

// work returns about how many products the score of one row takes, a third of those of
// training.
func (m *Model) work() float64 {
	at := place{coeffs: make([]float64, 2*m.coeffsAt())} // of two times: one a row
	if m.cond != nil {
		at.cond = mat.NewDense(2, m.conditionColumns(), nil)
	}
	return m.eval.work(at)
}

func (e *engine[T]) work(at place) float64 { return e.form(scoreForm, at).program.Work() }
