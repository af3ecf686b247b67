// Package bar shows a training run as a bar on the terminal, and elsewhere as lines.
package bar

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/gradlogp/gradlogp/score"
)

// Bar is a score.Recorder that shows step, loss, steps a second and the time
// left.
type Bar struct {
	bar   *progressbar.ProgressBar // nil where there is no terminal
	lines lines
	loss  float64
	begun bool
	next  time.Time
}

// New returns a bar for a run of the given number of steps. Where w is no terminal, there
// is a line every ten seconds, and one for the last step.
func New(w io.Writer, steps int) *Bar {
	if !terminal(w) {
		return &Bar{lines: lines{w: w, steps: steps}}
	}
	return drawn(w, steps)
}

// drawn returns a bar for a terminal.
func drawn(w io.Writer, steps int) *Bar {
	return &Bar{bar: progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("steps"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }),
	)}
}

// Record implements score.Recorder. The loss shown is a running mean.
func (b *Bar) Record(m score.Metrics) error {
	const memory = 0.98
	if !b.begun {
		b.begun, b.loss = true, m.Loss
	}
	b.loss = memory*b.loss + (1-memory)*m.Loss
	if b.bar == nil {
		b.lines.record(m.Step, b.loss)
		return nil
	}
	if now := time.Now(); now.After(b.next) || m.Step == m.Steps {
		b.next = now.Add(200 * time.Millisecond)
		b.bar.Describe(fmt.Sprintf("loss %.4f", b.loss))
	}
	return b.bar.Set(m.Step)
}

// Close leaves the terminal on a fresh line when the run ended early, and tells where it
// did where there is no terminal.
func (b *Bar) Close() {
	if b.bar == nil {
		b.lines.line()
	} else if !b.bar.IsFinished() {
		// The bar's own error would be one of writing to the terminal, which
		// is no reason to lose a trained model.
		_ = b.bar.Exit()
	}
}

var _ score.Recorder = (*Bar)(nil)
