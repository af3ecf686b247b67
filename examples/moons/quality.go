package main

import (
	"fmt"
	"time"

	"github.com/gradlogp/gradlogp/score"
)

// stopwatch is a score.Recorder that measures how long the training takes to a
// model of good quality.
type stopwatch struct {
	score.Recorder
	model  *score.Model
	oracle *score.Oracle
	good   float64 // the bound that is good enough
	start  time.Time

	looking time.Duration // time spent on measuring, which does not count
	took    time.Duration
	step    int // 0 until the model is good
}

// Record passes a step on and looks at the model every hundred steps, from the
// end of the recipe's warm-up on: no model is good before.
func (w *stopwatch) Record(m score.Metrics) error {
	const first, every = 500, 100
	if w.step == 0 && m.Step >= first && m.Step%every == 0 {
		now := time.Now()
		if err := m.Publish(); err != nil {
			return err
		}
		bound, err := w.oracle.KLBound(w.model)
		if err != nil {
			return err
		}
		if bound <= w.good {
			w.step, w.took = m.Step, now.Sub(w.start)-w.looking
		}
		w.looking += time.Since(now)
	}
	return w.Recorder.Record(m)
}

func (w *stopwatch) String() string {
	if w.step == 0 {
		return fmt.Sprintf("the KL bound did not come down to %g nats", w.good)
	}
	return fmt.Sprintf("time to a KL bound of %g nats: %.2f s (step %d)", w.good, w.took.Seconds(), w.step)
}
