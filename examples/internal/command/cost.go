package command

import (
	"fmt"
	"time"
)

// cost says what the process has taken so far, such as ", 12 s of processor time, 60 MB of
// memory", and nothing where the system does not tell.
func cost() string {
	processor, resident := spent()
	if resident == 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f s of processor time, %d MB of memory", processor.Seconds(), resident>>20)
}

// Stopwatch starts to measure, and returns what says how many seconds of processor time
// have passed since, or of time where the system does not tell.
func Stopwatch() (seconds func() float64) {
	began, start := processor(), time.Now()
	return func() float64 {
		if began == 0 {
			return time.Since(start).Seconds()
		}
		return (processor() - began).Seconds()
	}
}

// processor is the processor time that the process has taken so far.
func processor() time.Duration {
	t, _ := spent()
	return t
}
