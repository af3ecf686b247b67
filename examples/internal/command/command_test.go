package command

import (
	"context"
	"errors"
	"flag"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

var errOdd = errors.New("odd")

// job takes an even number.
type job struct{ n int }

func (j *job) Flags(f *flag.FlagSet) {
	f.SetOutput(io.Discard)
	f.IntVar(&j.n, "n", 4, "a number")
}

func (j *job) Check() error {
	if j.n%2 != 0 {
		return errOdd
	}
	return nil
}

func (j *job) Run(context.Context, io.Writer, io.Writer) error { return nil }

func TestArgumentsAreReadAndChecked(t *testing.T) {
	j := &job{}
	require.NoError(t, Parse("job", j, nil))
	require.Equal(t, 4, j.n)
	require.NoError(t, Parse("job", j, []string{"-n", "6"}))
	require.Equal(t, 6, j.n)
	require.ErrorIs(t, Parse("job", j, []string{"-n", "7"}), errOdd)
	require.ErrorIs(t, Parse("job", j, []string{"-h"}), flag.ErrHelp)
	require.ErrorContains(t, Parse("job", j, []string{"-m", "7"}), "-m")
	require.ErrorContains(t, Parse("job", j, []string{"-n", "6", "rest"}), `unexpected argument "rest"`)
}
