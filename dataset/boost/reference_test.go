package boost

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// load returns a table of testdata, of which the last column is the target.
func load(t *testing.T, name string) (*mat.Dense, []float64) {
	f, err := os.Open(filepath.Join("testdata", name+".csv.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	records, err := csv.NewReader(z).ReadAll()
	require.NoError(t, err)
	x, y := mat.NewDense(len(records), len(records[0])-1, nil), make([]float64, len(records))
	for i, r := range records {
		for j, text := range r {
			v, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			if j < len(r)-1 {
				x.Set(i, j, v)
			} else {
				y[i] = v
			}
		}
	}
	return x, y
}

// holes returns 2,000 rows of Friedman's table of which a fifth of the cells is
// missing, from a generator (splitmix64) that is written the same way in Python.
func holes() (*mat.Dense, []float64) {
	var state uint64
	uniform := func() float64 {
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return float64((z^z>>31)>>11) / (1 << 53)
	}
	x, y := mat.NewDense(2000, 10, nil), make([]float64, 2000)
	for i := range y {
		v := x.RawRowView(i)
		for j := range v {
			v[j] = uniform()
		}
		y[i] = 10*math.Sin(math.Pi*v[0]*v[1]) + 20*(v[2]-0.5)*(v[2]-0.5) + 10*v[3] + 5*v[4]
		for j := range v {
			if uniform() < 0.2 {
				v[j] = nan
			}
		}
		y[i] += 2 * (uniform() - 0.5)
	}
	return x, y
}

// The scores of scikit-learn's HistGradientBoosting on rows i mod 5 = f, fitted to
// the others, for f = 0 to 4. See testdata/README.md.
func TestScoresAreThoseOfScikitLearn(t *testing.T) {
	var reference struct {
		Sets map[string]struct {
			Classes     int
			Trees       int
			Score, Loss float64
			First       []float64
		}
	}
	raw, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &reference))
	require.Len(t, reference.Sets, 8)
	for name, want := range reference.Sets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var x *mat.Dense
			var y []float64
			var classes []int
			switch name {
			case "holes":
				x, y = holes()
				require.InDeltaSlice(t, want.First, y[:2], 1e-12)
			case "holes high":
				x, y = holes()
				classes = above(y, 14)
			case "holes thirds":
				x, y = holes()
				classes = above(y, 12, 17)
			default:
				x, y = load(t, name)
				for _, v := range y {
					classes = append(classes, int(v))
				}
			}
			score, loss := crossValidate(t, x, y, classes, want.Classes, want.Trees)
			t.Logf("score %.4f, scikit-learn %.4f; loss %.4f, %.4f", score, want.Score, loss, want.Loss)
			require.Greater(t, score, want.Score-0.01)
			require.Less(t, loss, 1.1*want.Loss)
		})
	}
}

// crossValidate returns the accuracy and the mean log-loss of classes, or R² and
// the mean square error when there are 0.
func crossValidate(t *testing.T, x *mat.Dense, y []float64, label []int, classes, trees int) (score, loss float64) {
	n, d := x.Dims()
	b := Bin(x)
	var mean, square float64
	for _, v := range y {
		mean += v / float64(n)
	}
	for _, v := range y {
		square += (v - mean) * (v - mean) / float64(n)
	}
	for fold := range 5 {
		var train, test []int
		for i := range n {
			if i%5 == fold {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		tx := mat.NewDense(len(test), d, nil)
		for i, r := range test {
			tx.SetRow(i, x.RawRowView(r))
		}
		if classes == 0 {
			m, err := b.Regression(train, y, &Settings{Trees: trees, Workers: 1})
			require.NoError(t, err)
			p := make([]float64, len(test))
			m.Predict(p, tx)
			for i, r := range test {
				loss += (p[i] - y[r]) * (p[i] - y[r]) / float64(n)
			}
			continue
		}
		m, err := b.Classification(train, label, classes, &Settings{Trees: trees, Workers: 1})
		require.NoError(t, err)
		p := mat.NewDense(len(test), classes, nil)
		m.Probabilities(p, tx)
		for i, r := range test {
			loss -= math.Log(p.At(i, label[r])) / float64(n)
			if best := mat.Max(p.RowView(i)); p.At(i, label[r]) == best {
				score += 1 / float64(n)
			}
		}
	}
	if classes == 0 {
		score = 1 - loss/square
	}
	return score, loss
}
