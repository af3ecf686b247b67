package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/sde"
)

func parse(args ...string) (*job, error) {
	j := &job{}
	return j, command.Parse("tables", j, args)
}

func run(t *testing.T, args ...string) string {
	j, err := parse(args...)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &out, io.Discard))
	return out.String()
}

func TestEveryMethodHasALine(t *testing.T) {
	out := run(t, "-in", "mixture", "-rows", "60", "-steps", "5", "-methods", "independent,copula,mixture,gradlogp,gradlogp-columns")
	require.Regexp(t, `(?s)mixture: 60 rows, 5 columns\nmethod .*\nindependent .*\ncopula .*\nmixture .*\ngradlogp .*\ngradlogp-columns .*\nreal [^\n]*\n$`, out)
}

func TestEveryChoiceOfTheCodecHasALine(t *testing.T) {
	out := run(t, "-in", "mixture", "-rows", "60", "-steps", "5", "-choices")
	require.Regexp(t, `(?s)\nmethod .*\ndefault .*\nunmatched .*\none-hot .*\nby frequency .*\nstandard .*\nlog .*\nquantile .*\nreal [^\n]*\n$`, out)
	_, err := parse("-choices", "-methods", "copula")
	require.ErrorContains(t, err, "one-hot")
	_, err = parse("-choices", "-impute")
	require.ErrorContains(t, err, "-impute")
}

func TestEveryImputerHasALineBesideThePeer(t *testing.T) {
	dir := t.TempDir()
	tasks, peer := filepath.Join(dir, "tasks.json"), filepath.Join(dir, "peer.json")
	flags := []string{"-in", "mixture", "-rows", "60", "-impute", "-draws", "3", "-steps", "5"}
	require.Empty(t, run(t, append(flags, "-export", tasks)...))
	var written struct {
		Draws int
		Tasks map[string]struct {
			Labels []int
			Train  [][]*float64
			Holes  [][]*float64
			Hidden [][2]int
		}
	}
	data, err := os.ReadFile(tasks)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &written))
	k := written.Tasks["mixture 1"]
	require.Equal(t, []int{0, 0, 0, 0, 3}, k.Labels)
	require.Len(t, k.Train, 48)
	require.Len(t, k.Holes, 12)
	require.Nil(t, k.Holes[k.Hidden[0][0]][k.Hidden[0][1]])

	draws := make([][]float64, len(k.Hidden))
	for i := range draws {
		draws[i] = []float64{0}
	}
	data, err = json.Marshal(peer0{"other", map[string]map[string][][]float64{"zero": {"mixture 1": draws}}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(peer, data, 0o600))
	out := run(t, append(flags, "-peer", peer)...)
	require.Regexp(t, `(?s)mixture: .*\nmethod .*\nmean .*\ncolumns .*\nneighbours .*\nchained-ridge .*\nchained-trees .*\ngradlogp .*\nzero [^\n]* other\n$`, out)
}

type peer0 struct {
	Name    string                            `json:"name"`
	Methods map[string]map[string][][]float64 `json:"methods"`
}

func TestIntervalsOfTheTruthsOwnLawCoverNineInTen(t *testing.T) {
	const n, k = 2000, 39
	rng := rand.New(rand.NewPCG(1, 2))
	truth := &table.Table{Fields: []table.Field{{Name: "x", Kind: table.Number}, {Name: "y", Kind: table.Whole, Step: 1}}, Columns: [][]float64{nil, nil}}
	draw := []func() float64{rng.NormFloat64, func() float64 { return float64(rng.IntN(3)) }}
	var hidden []hole
	var draws [][]float64
	for i := range n {
		for c := range 2 {
			truth.Columns[c] = append(truth.Columns[c], draw[c]())
			hidden = append(hidden, hole{i, c})
			of := make([]float64, k)
			for a := range of {
				of[a] = draw[c]()
			}
			draws = append(draws, of)
		}
	}
	v := scoreDraws(truth, truth, hidden, draws, 1)
	require.InDelta(t, .9, v.split, .015)
	require.Greater(t, v.cover, v.split, "ends that many draws share are inside")
	require.InDelta(t, 1+1./(2*k), v.nrmse, .03)
	require.True(t, math.IsNaN(v.accuracy))
	// E|X − v| − ½E|X − X'| over v is 1/√π for a normal law.
	one := scoreDraws(&table.Table{Fields: truth.Fields[:1], Columns: truth.Columns[:1]}, truth, only(hidden, 0), every2(draws), 1)
	require.InDelta(t, 1/math.Sqrt(math.Pi), one.crps, .03)
	require.InDelta(t, one.crps, one.energy, 1e-12)
}

func only(hidden []hole, column int) (some []hole) {
	for _, h := range hidden {
		if h.column == column {
			some = append(some, h)
		}
	}
	return some
}

func every2(draws [][]float64) (some [][]float64) {
	for i := 0; i < len(draws); i += 2 {
		some = append(some, draws[i])
	}
	return some
}

func TestLabelsAreScoredByTheirShares(t *testing.T) {
	right, brier := labelScores([]float64{1, 1, 0, 1}, 1)
	require.Equal(t, 1.0, right)
	require.InDelta(t, .125, brier, 1e-12)
	right, brier = labelScores([]float64{2}, 1)
	require.Equal(t, 0.0, right)
	require.InDelta(t, 2, brier, 1e-12)
}

func TestLawsAreFoundAndIndependentColumnsBreakThem(t *testing.T) {
	flats := newFlats(2000, 1)
	require.NoError(t, flats.Validate())
	found := detect(flats)
	require.NotEmpty(t, found)
	columns := ""
	for _, l := range found {
		require.True(t, l.log, l)
		require.Less(t, l.broken(flats), .02, l)
		columns += l.columns[0] + " "
	}
	require.Contains(t, columns, "volume")
	stated, err := parseLaw("volume=width*length*height")
	require.NoError(t, err)
	require.Equal(t, []float64{1, -1, -1, -1}, stated.factors)
	stated = stated.measured(flats)
	draw, err := independent(context.Background(), &job{}, flats, 1)
	require.NoError(t, err)
	drawn, err := draw(context.Background(), 2000, 1)
	require.NoError(t, err)
	require.Greater(t, stated.broken(drawn), .9)
	require.Less(t, stated.broken(flats), .01)
	ratio, err := parseLaw("length = area / width")
	require.NoError(t, err)
	require.Equal(t, []string{"length", "area", "width"}, ratio.columns)
	require.Equal(t, []float64{1, -1, 1}, ratio.factors)
	require.Empty(t, detect(newMixture(400, 1)))
}

func TestCopulaKeepsMarginalsAndRanks(t *testing.T) {
	const n = 4000
	rng := rand.New(rand.NewPCG(1, 1))
	train := &table.Table{Fields: make([]table.Field, 2), Columns: make([][]float64, 2)}
	for range n {
		a := rng.NormFloat64()
		train.Columns[0] = append(train.Columns[0], math.Exp(a))
		train.Columns[1] = append(train.Columns[1], math.Round(.8*a+.6*rng.NormFloat64()))
	}
	draw, err := copula(context.Background(), &job{}, train, 1)
	require.NoError(t, err)
	drawn, err := draw(context.Background(), n, 2)
	require.NoError(t, err)
	require.InDelta(t, stat.Mean(train.Columns[1], nil), stat.Mean(drawn.Columns[1], nil), .06)
	logs := func(t *table.Table) float64 {
		v := make([]float64, n)
		for i, x := range t.Columns[0] {
			v[i] = math.Log(x)
		}
		return stat.Correlation(v, t.Columns[1], nil)
	}
	require.InDelta(t, logs(train), logs(drawn), .1) // rounded ranks lose a little
}

func TestMixtureByBICFindsThreeGroups(t *testing.T) {
	const n = 1500
	rng := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(n, 2, nil)
	for i := range n {
		k := float64(i % 3)
		x.SetRow(i, []float64{6*k + rng.NormFloat64(), 4*k*k + rng.NormFloat64()})
	}
	fill, err := mixtureByBIC(context.Background(), nil, x, 1)
	require.NoError(t, err)
	y := mat.NewDense(n, 2, nil)
	require.NoError(t, fill(context.Background(), y, 1))
	require.InDelta(t, stat.Mean(mat.Col(nil, 1, x), nil), stat.Mean(mat.Col(nil, 1, y), nil), .6)
	middle := 0
	for i := range n {
		if v := y.At(i, 0); v > 3 && v < 9 {
			middle++
			require.InDelta(t, 4, y.At(i, 1), 5)
		}
	}
	require.InDelta(t, n/3, middle, 60)
}

// The flow of a standard normal distribution to itself has the velocity
// u = (σ − α)/(α² + σ²) x.
func TestForestLearnsTheVelocityOfAGaussian(t *testing.T) {
	const n = 2000
	rng := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(n, 1, nil)
	x.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, x)
	f, err := newForest(context.Background(), x, 1, 5, 20000, 0)
	require.NoError(t, err)
	const points = 41
	at, score, u := mat.NewDense(points, 1, nil), mat.NewDense(points, 1, nil), mat.NewDense(points, 1, nil)
	for i := range points {
		at.Set(i, 0, -1.5+3*float64(i)/(points-1))
	}
	for _, time := range f.times[1:4] {
		α, σ := f.Kernel(time)
		f.Score(score, at, []float64{time})
		sde.Convert(u, at, score, f.Linear, time, sde.Score, sde.Velocity)
		var square float64
		for i := range points {
			e := u.At(i, 0) - (σ-α)/(α*α+σ*σ)*at.At(i, 0)
			square += e * e / points
		}
		require.Less(t, math.Sqrt(square), .3, "the target's own deviation is 1 and more")
	}
	single, times := mat.NewDense(points, 1, nil), make([]float64, points)
	for i := range times {
		times[i] = f.times[3]
	}
	f.Score(single, at, times)
	require.Equal(t, score, single)
}

// y = x + noise is there when x > 0 only.
func TestRowsDrawnMissWhatTheDataMiss(t *testing.T) {
	const n = 150
	rng := rand.New(rand.NewPCG(1, 1))
	train := &table.Table{Fields: []table.Field{{Name: "x", Kind: table.Number}, {Name: "y", Kind: table.Number}}, Columns: make([][]float64, 2)}
	for range n {
		x := rng.NormFloat64()
		y := math.NaN()
		if x > 0 {
			y = x + .3*rng.NormFloat64()
		}
		train.Columns[0], train.Columns[1] = append(train.Columns[0], x), append(train.Columns[1], y)
	}
	j := &job{steps: 120, draws: 1}
	draw, err := coded(choice{}, network(true))(context.Background(), j, train, 1)
	require.NoError(t, err)
	drawn, err := draw(context.Background(), n, 1)
	require.NoError(t, err)
	right := 0.0
	for i, x := range drawn.Columns[0] {
		right += indicator(x > 0 != math.IsNaN(drawn.Columns[1][i])) / n
	}
	require.Greater(t, right, .75)
	require.InDelta(t, .5, float64(len(finite(drawn.Columns[1])))/n, .15)
}

func TestInterruptEndsTheRun(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, args := range [][]string{{"-methods", "gradlogp"}, {"-impute", "-methods", "gradlogp"}, {"-impute", "-methods", "chained-trees"}, {"-methods", "mixture"}} {
		j, err := parse(append(args, "-in", "mixture")...)
		require.NoError(t, err)
		require.ErrorIs(t, j.Run(ctx, io.Discard, io.Discard), context.Canceled)
	}
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, c := range []struct {
		args, want string
	}{
		{"-methods sun", `-methods: "sun"`},
		{"-impute -methods copula", `-methods: "copula"`},
		{"-seeds 1,x", `-seeds: "x"`},
		{"-held 1", "-held 1"},
		{"-hidden 0", "-hidden 0"},
		{"-draws 0", "-draws 0"},
		{"-steps -1", "-steps -1"},
		{"-peer x", "-impute"},
		{"-laws volume", `"volume"`},
		{"more", `unexpected argument "more"`},
	} {
		_, err := parse(strings.Fields(c.args)...)
		require.ErrorContains(t, err, c.want, c.args)
	}
	j, err := parse("-in", "none.csv")
	require.NoError(t, err)
	require.ErrorContains(t, j.Run(context.Background(), io.Discard, io.Discard), "none.csv")
}
