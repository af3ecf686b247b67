package bar

import (
	"fmt"
	"io"
	"os"
	"time"
)

// lines shows a run where no line can be drawn again: in a file or a pipe.
type lines struct {
	w           io.Writer
	steps       int
	first, last look
	next        time.Time // of the next line
	shown       int       // the step of the last line
}

// look is where a run is at a time.
type look struct {
	step int
	loss float64
	at   time.Time
}

// between is the least time from one line to the next.
const between = 10 * time.Second

func (l *lines) record(step int, loss float64) {
	l.last = look{step, loss, time.Now()}
	if l.first.step == 0 {
		l.first, l.next = l.last, l.last.at.Add(between)
	}
	if step == l.steps || !l.last.at.Before(l.next) {
		l.next = l.last.at.Add(between)
		l.line()
	}
}

// line writes where the run is, unless that is written already. That it cannot be written
// is no reason to lose a trained model.
func (l *lines) line() {
	if l.shown == l.last.step {
		return
	}
	l.shown = l.last.step
	fmt.Fprintf(l.w, "step %d of %d, loss %.4f", l.last.step, l.steps, l.last.loss)
	if done, took := l.last.step-l.first.step, l.last.at.Sub(l.first.at); done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		fmt.Fprintf(l.w, ", %.3g steps/s", rate)
		if ahead := l.steps - l.last.step; ahead > 0 {
			left := time.Duration(float64(ahead) / rate * float64(time.Second))
			fmt.Fprintf(l.w, ", %v left", left.Round(time.Second))
		}
	}
	fmt.Fprintln(l.w)
}

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
