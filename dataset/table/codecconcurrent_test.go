package table

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestCodecIsSafeForConcurrentUse(t *testing.T) {
	u, rules := ruledTable(60, .1)
	c, err := NewCodec(u, &CodecSettings{Rules: rules})
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(x))
	holes := u.Select(indices(60))
	for i := range 20 {
		holes.Columns[i%3][3*i] = noCell
	}
	draw := func(n int, _ *mat.Dense, _ uint64) (*mat.Dense, error) {
		return mat.DenseCopyOf(x.Slice(0, n, 0, c.Dim())), nil
	}
	var all [4]string
	var wg sync.WaitGroup
	for k := range all {
		wg.Go(func() {
			coded, errs := make([]*mat.Dense, 2), make([]error, 8)
			coded[0], errs[0] = c.Encode(u, 1)
			coded[1], errs[1] = c.Observe(holes, 1)
			decoded, err := c.Decode(x, nil)
			errs[2] = err
			filled, _, err := c.Impute(holes, 1, draw)
			errs[3] = err
			drawn, _, err := c.Draw(20, nil, 1, draw)
			errs[4] = err
			_, by, err := c.Violations(u)
			errs[5] = err
			unseen, err := c.Unseen(holes)
			errs[6] = err
			text, err := json.Marshal(c)
			errs[7] = err
			all[k] = fmt.Sprint(coded[0].RawMatrix(), coded[1].RawMatrix(), decoded.Columns, filled.Columns, drawn.Columns, by, unseen, string(text), errs)
		})
	}
	wg.Wait()
	for _, one := range all {
		require.Equal(t, all[0], one)
	}
	require.Contains(t, all[0], "[<nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil>]")
}
