package score

import (
	"fmt"
	"math"
	"sort"

	"github.com/gradlogp/gradlogp/nn/optim"
)

// one makes one step. Up to the update nothing of the state has changed.
func (t *trainer) one() error {
	if err := t.batch.fill(t.step); err != nil {
		return err
	}
	t.program.Pack(&t.weights, t.raw, t.crew)
	var ahead func()
	if t.step+1 < t.s.Steps {
		ahead = t.batch.ahead
	}
	t.program.RunBeside(t.s.Batch, &t.weights, t.random, t.out, t.in, t.crew, ahead)
	loss, norm := float64(t.loss[0]), t.clip()
	if !finite(loss) || !finite(norm) {
		return fmt.Errorf("score: Fit: step %d: %s; the loss is %v and the gradient's norm %v: %w", t.step+1, t.firstBad(), loss, norm, ErrNonFinite)
	}
	rate := t.s.Rate.At(t.step)
	if !finite(rate) {
		return fmt.Errorf("score: Fit: step %d: the learning rate is %v: %w", t.step+1, rate, ErrNonFinite)
	}
	if t.s.EMA > 0 {
		t.update.Step(t.raw, t.grad, t.ema, t.step, rate)
	} else {
		t.update.Step(t.raw, t.grad, nil, t.step, rate)
		copy(t.ema, t.raw)
	}
	if t.tracks != nil {
		t.tracks.update(t.raw, t.step)
	}
	t.step++
	t.losses = append(t.losses, loss)
	heldOut := math.NaN()
	if t.due() {
		var err error
		if heldOut, err = t.validate(); err != nil {
			return err
		}
	}
	if t.s.Recorder != nil {
		if err := t.s.Recorder.Record(Metrics{Step: t.step, Steps: t.s.Steps, Loss: loss, GradNorm: norm, Rate: rate, HeldOut: heldOut, publish: t.publish}); err != nil {
			return fmt.Errorf("score: Fit: recorder after step %d: %w", t.step, err)
		}
	}
	return nil
}

// clip bounds the gradient, and returns the norm it had. One that is not finite
// stays as it is.
func (t *trainer) clip() (norm float64) {
	limit := t.s.Clip
	if limit < 0 {
		limit = math.Inf(1)
	}
	if t.s.ClipValue == 0 {
		return t.update.Clip(t.grad, limit)
	}
	norm = t.update.Clip(t.grad, math.Inf(1))
	optim.ClipValue(t.grad, t.s.ClipValue)
	t.update.Clip(t.grad, limit)
	return norm
}

// firstBad names the first quantity that is not finite, in the order in which
// they are computed.
func (t *trainer) firstBad() string {
	if i := indexNonFinite(t.batch.cols); i >= 0 && t.m.levels {
		row, block, column := i/(blocks*t.m.dim), i/t.m.dim%blocks, i%t.m.dim
		names := [blocks]string{colIn: columnNames[colIn], colNoise: columnNames[colNoise], colDenoiseX: columnNames[colDenoiseX], colDenoiseF: columnNames[colDenoiseF], blockWeight: columnNames[colWeight]}
		return fmt.Sprintf("in row %d, column %d %s is %v", row, column, names[block], t.batch.cols[i])
	} else if i >= 0 {
		n := t.batch.columnsOf()
		t, name, v := t.batch.cols[i/n*n+colT], columnNames[i%n], t.batch.cols[i]
		return fmt.Sprintf("at the time %v of row %d %s is %v", t, i/n, name, v)
	}
	for _, q := range []struct {
		name string
		v    []float32
	}{{"noisy rows", t.batch.xt}, {"targets", t.batch.x0}} {
		if i := indexNonFinite(q.v); i >= 0 {
			return fmt.Sprintf("%s: row %d, column %d is %v", q.name, i/t.m.dim, i%t.m.dim, q.v[i])
		}
	}
	switch i, j := indexNonFinite(t.raw), indexNonFinite(t.grad); {
	case i >= 0:
		return fmt.Sprintf("weight %s is %v", t.nameOf(i), t.raw[i])
	case j >= 0 && finite(float64(t.loss[0])):
		return fmt.Sprintf("gradient of %s is %v", t.nameOf(j), t.grad[j])
	}
	return "the loss, although data and weights are finite"
}

// nameOf returns the name of a weight.
func (t *trainer) nameOf(i int) string {
	all := t.params.Entries()
	k := sort.Search(len(all), func(k int) bool { return all[k].Offset > i }) - 1
	return fmt.Sprintf("%s[%d, %d]", all[k].Name, (i-all[k].Offset)/all[k].Cols, (i-all[k].Offset)%all[k].Cols)
}
