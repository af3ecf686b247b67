package command

import "fmt"

// cost says what the process has taken so far, such as ", 12 s of processor time, 60 MB of
// memory", and nothing where the system does not tell.
func cost() string {
	processor, resident := spent()
	if resident == 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f s of processor time, %d MB of memory", processor.Seconds(), resident>>20)
}
