//go:build !unix

package command

import "time"

// spent returns nothing: the system does not tell.
func spent() (processor time.Duration, resident int64) { return 0, 0 }
