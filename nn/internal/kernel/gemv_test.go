package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func testARowAloneHasTheBitsItHasAmongOthers[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{5, 31, 32, 33, 48, 49, 64, 65, 80, 96, 100, 116, 128, 129, 150, 256, 300} {
		for _, k := range []int{1, 2, 17, 300} {
			draw := func(n int) []T {
				v := make([]T, n)
				for i := range v {
					v[i] = T(rng.NormFloat64())
				}
				return v
			}
			x, w, row, rows := draw(2*k), draw(k*n), draw(n), draw(2*n)
			packed := make([]T, PackedSize(k, n))
			Pack(packed, w, k, n)
			want, got := make([]T, 2*n), make([]T, n+1)
			for name, init := range map[string][]T{"nil": nil, "a row": row, "rows": rows} {
				initRows := map[string]int{"a row": 1, "rows": 2}[name]
				MatMulPacked(want, x, packed, init, initRows, 2, k, n)
				got[n] = 7
				MatMulPacked(got, x, packed, init, min(initRows, 1), 1, k, n)
				require.Equal(t, want[:n], got[:n], fmt.Sprint(name, k, n))
				require.EqualValues(t, 7, got[n])
			}
		}
	}
}

func TestARowAloneHasTheBitsItHasAmongOthers(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		t.Run("float32", testARowAloneHasTheBitsItHasAmongOthers[float32])
		t.Run("float64", testARowAloneHasTheBitsItHasAmongOthers[float64])
	})
}
