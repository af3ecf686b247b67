package simulator

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

// The numbers are numpy 1.24's: np.random.seed(42), means 15·normal(92) twenty times, then for
// each component tril(normal((92, 92))) + diag(exp(normal(92))), times 3, then permutation(100).
func TestDistractorsAreTheBenchmarks(t *testing.T) {
	d := NewSLCPDistractors()
	close := func(want, got float64) { t.Helper(); require.InEpsilon(t, want, got, 1e-12) }
	close(7.45071229516849, d.means[0])
	close(-3.1217528590880956, d.means[20*92-1])
	close(1203.9333910573314, floats.Sum(d.means))
	close(3.423324718497607, d.factor(0)[0])
	close(0.07580650836815866, d.factor(19)[91*92])
	close(2.196350891048934, d.factor(19)[92*92-1])
	close(9962.577423949142, floats.Sum(d.factors))
	require.Equal(t, []int{
		87, 47, 39, 9, 25, 21, 26, 94, 41, 30, 34, 44, 12, 27, 89, 20, 6, 13, 51, 40, 54, 5, 0, 2, 75,
		43, 14, 97, 29, 72, 79, 99, 98, 1, 38, 65, 83, 52, 74, 63, 19, 70, 4, 36, 96, 81, 35, 49, 31, 76,
		84, 28, 11, 66, 37, 85, 56, 60, 48, 10, 22, 82, 24, 8, 42, 32, 73, 3, 59, 95, 90, 50, 18, 68, 45,
		67, 92, 91, 17, 93, 33, 78, 88, 62, 46, 64, 57, 86, 55, 77, 7, 80, 69, 23, 58, 71, 15, 61, 53, 16,
	}, d.from)
}
