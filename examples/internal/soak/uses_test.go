package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/export"
	"github.com/gradlogp/gradlogp/score/inference"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// use is something that is done with the library. It says in a number what came out, the same
// each time.
type use struct {
	name string
	run  func(ctx context.Context, dir string) (uint64, error)
}

var uses = []use{
	{"learn, sample, density", toy},
	{"few steps of a teacher", few},
	{"labels and guidance", labels},
	{"gaps filled", gaps},
	{"a table there and back", tables},
	{"pictures in bfloat16", pictures},
	{"stopped, resumed, saved, opened, exported", files},
	{"a posterior of a simulator", simulator},
	{"particles", particles},
	{"an energy, corrected", energy},
	{"misuse", misuse},
}

// hash is that of the bits of numbers.
func hash(rows ...[]float64) uint64 {
	h := fnv.New64a()
	for _, row := range rows {
		for _, v := range row {
			b := math.Float64bits(v)
			h.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24), byte(b >> 32), byte(b >> 40), byte(b >> 48), byte(b >> 56)})
		}
	}
	return h.Sum64()
}

// draw returns n samples of a problem.
func draw(ctx context.Context, p sde.Problem, n, d int, pred sampler.Predictor, s *sampler.Settings) (*mat.Dense, error) {
	x := mat.NewDense(n, d, nil)
	return x, sampler.Sample(ctx, x, p, pred, s)
}

// learned returns a small model of moons.
func learned(ctx context.Context, steps int) (*score.Model, error) {
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 32)})
	if err != nil {
		return nil, err
	}
	_, err = score.Fit(ctx, m, score.Draws(2, dataset.NewMoons), &score.Settings{Steps: steps, Batch: 64})
	return m, err
}

func toy(ctx context.Context, _ string) (uint64, error) {
	m, err := learned(ctx, 150)
	if err != nil {
		return 0, err
	}
	x, err := draw(ctx, m.Problem(), 300, 2, sampler.Default(m.Process()), nil)
	if err != nil {
		return 0, err
	}
	logp := make([]float64, 20)
	_, err = sampler.LogProb(ctx, logp, x.Slice(0, 20, 0, 2).(*mat.Dense), m.Problem(), nil)
	y := dataset.Sample(dataset.NewMoons(rand.NewPCG(1, 2)), 300)
	return hash(x.RawMatrix().Data, logp, []float64{twosample.C2STNeighbours(x, y, 15), twosample.SlicedW2(x, y, twosample.Directions(16, 2, 1))}), err
}

func few(ctx context.Context, _ string) (uint64, error) {
	teacher, err := learned(ctx, 100)
	if err != nil {
		return 0, err
	}
	m, err := score.NewFlowMap(teacher)
	if err != nil {
		return 0, err
	}
	s := &score.Settings{Steps: 30, Batch: 64, Teacher: teacher, Objective: score.Trajectories{Steps: 8, Kept: 128}}
	if _, err := score.Fit(ctx, m, score.Draws(2, dataset.NewMoons), s); err != nil {
		return 0, err
	}
	x, err := draw(ctx, m.Problem(), 200, 2, sampler.FlowMap{}, &sampler.Settings{Grid: grid.Few(m.Process(), 2)})
	return hash(x.RawMatrix().Data), err
}

// blobs are rows with a label, 0 or 1, and where there is none NaN.
func blobs(n int) (x, cond *mat.Dense) {
	rng := rand.New(rand.NewPCG(3, 4))
	x, cond = mat.NewDense(n, 2, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		label := float64(i % 2)
		x.SetRow(i, []float64{4*label + 0.3*rng.NormFloat64(), 1e4 * rng.NormFloat64()})
		cond.Set(i, 0, label)
	}
	return x, cond
}

func labels(ctx context.Context, _ string) (uint64, error) {
	x, cond := blobs(400)
	data, err := score.Rows(x, cond)
	if err != nil {
		return 0, err
	}
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 24), Cond: score.Conditions{Classes: []int{2}}})
	if err != nil {
		return 0, err
	}
	if _, err := score.Fit(ctx, m, data, &score.Settings{Steps: 120, Batch: 64}); err != nil {
		return 0, err
	}
	p, err := sde.Guide(m.Given(mat.NewDense(100, 1, nil)).Problem(), m.Problem(), 2)
	if err != nil {
		return 0, err
	}
	y, err := draw(ctx, p, 100, 2, sampler.DPMpp2MSDE{}, &sampler.Settings{Workers: 3})
	return hash(y.RawMatrix().Data), err
}

func gaps(ctx context.Context, _ string) (uint64, error) {
	x, _ := blobs(400)
	for i := 0; i < 400; i += 3 {
		x.Set(i, i%2, math.NaN())
	}
	data, err := score.Incomplete(x, nil)
	if err != nil {
		return 0, err
	}
	m, err := score.New(2, &score.Config{ColumnLevels: true, Net: nn.RecipeColumns(2, 16)})
	if err != nil {
		return 0, err
	}
	if _, err := score.Fit(ctx, m, data, &score.Settings{Steps: 80, Batch: 64}); err != nil {
		return 0, err
	}
	seen := mat.DenseCopyOf(x.Slice(0, 60, 0, 2))
	y, err := draw(ctx, m.Observe(score.Observed{Values: seen}).Problem(), 60, 2, sampler.DPMpp2M{}, nil)
	return hash(y.RawMatrix().Data), err
}

func tables(ctx context.Context, _ string) (uint64, error) {
	var text strings.Builder
	text.WriteString("when,size,kind\n")
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		size := fmt.Sprintf("%.2f", 100*rng.NormFloat64())
		if i%20 == 0 {
			size = ""
		}
		fmt.Fprintf(&text, "2024-%02d-%02d,%s,%s\n", 1+i%12, 1+i%28, size, []string{"red", "green", "blue"}[rng.IntN(3)])
	}
	t, err := table.Read(strings.NewReader(text.String()), nil)
	if err != nil {
		return 0, err
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		return 0, err
	}
	x, err := c.Encode(t, 1)
	if err != nil {
		return 0, err
	}
	data, err := score.Rows(x, nil)
	if err != nil {
		return 0, err
	}
	_, d := x.Dims()
	m, err := score.New(d, &score.Config{Net: nn.RecipeMLP(d, 16)})
	if err != nil {
		return 0, err
	}
	if _, err := score.Fit(ctx, m, data, &score.Settings{Steps: 60, Batch: 64}); err != nil {
		return 0, err
	}
	y, err := draw(ctx, m.Problem(), 100, d, sampler.Default(m.Process()), nil)
	if err != nil {
		return 0, err
	}
	kept, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	back, err := c.Decode(y, nil)
	if err != nil {
		return 0, err
	}
	h := fnv.New64a()
	h.Write(kept)
	for i := range 100 {
		for j := range back.Fields {
			h.Write([]byte(back.Text(i, j)))
		}
	}
	return h.Sum64(), nil
}

func pictures(ctx context.Context, _ string) (uint64, error) {
	rng := rand.New(rand.NewPCG(7, 8))
	x := mat.NewDense(64, 64, nil)
	x.Apply(func(i, j int, _ float64) float64 { return float64((i+j)%8) + 0.1*rng.NormFloat64() }, x)
	data, err := score.Rows(x, nil)
	if err != nil {
		return 0, err
	}
	m, err := score.New(64, &score.Config{Net: nn.UNet{Size: []int{8, 8}, Channels: []int{8, 16}, Heads: 2}})
	if err != nil {
		return 0, err
	}
	if _, err := score.Fit(ctx, m, data, &score.Settings{Steps: 6, Batch: 16, BFloat16: ad.BFloat16Tiles}); err != nil {
		return 0, err
	}
	y, err := draw(ctx, m.Problem(), 4, 64, sampler.DPMpp2M{}, &sampler.Settings{Grid: grid.Default(m.Process(), 6)})
	return hash(y.RawMatrix().Data), err
}

// halfway ends a run at a step.
type halfway struct{ step int }

var errHalfway = errors.New("halfway")

func (h halfway) Record(m score.Metrics) error {
	if m.Step == h.step {
		return errHalfway
	}
	return nil
}

func files(ctx context.Context, dir string) (uint64, error) {
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 16)})
	if err != nil {
		return 0, err
	}
	data := score.Draws(2, dataset.NewMoons)
	s := &score.Settings{Steps: 60, Batch: 64, Recorder: halfway{30}, Checkpoints: score.Checkpoints{Dir: filepath.Join(dir, "run"), Every: 20}}
	if _, err := score.Fit(ctx, m, data, s); !errors.Is(err, errHalfway) {
		return 0, fmt.Errorf("stopped: %w", err)
	}
	last, err := score.Latest(s.Checkpoints.Dir)
	if err != nil {
		return 0, err
	}
	s.Recorder = nil
	if _, err := score.Resume(ctx, m, data, s, last); err != nil {
		return 0, err
	}
	path := filepath.Join(dir, "model.safetensors")
	if err := m.SaveFile(path); err != nil {
		return 0, err
	}
	opened, err := score.Open(path)
	if err != nil {
		return 0, err
	}
	graph, err := export.Score(opened.Problem(), nil)
	if err != nil {
		return 0, err
	}
	var file bytes.Buffer
	if err := onnx.Export(&file, graph); err != nil {
		return 0, err
	}
	if _, err := onnx.Import(bytes.NewReader(file.Bytes())); !errors.Is(err, onnx.ErrUnsupported) {
		return 0, fmt.Errorf("a score has operators that Import refuses: %w", err)
	}
	x, err := draw(ctx, opened.Problem(), 100, 2, sampler.UniPC{}, nil)
	h := fnv.New64a()
	h.Write(file.Bytes())
	return h.Sum64() ^ hash(x.RawMatrix().Data), errors.Join(err, os.RemoveAll(s.Checkpoints.Dir))
}

// scale weighs something twice: x₁, x₂ ~ N(θ, 1).
type scale struct{}

func (scale) Simulate(x, theta []float64, rng *rand.Rand) error {
	for j := range x {
		x[j] = theta[0] + rng.NormFloat64()
	}
	return nil
}

func simulator(ctx context.Context, _ string) (uint64, error) {
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	s := &inference.Settings{Net: nn.MLP{Hidden: []int{16}}, Embed: nn.Linear{Out: 2}, Training: score.Settings{Steps: 60, Batch: 64}}
	post, err := inference.Infer(ctx, prior, scale{}, 2, 500, s)
	if err != nil {
		return 0, err
	}
	view, err := post.Given(mat.NewDense(1, 2, []float64{1.4, 1.6}))
	if err != nil {
		return 0, err
	}
	theta := mat.NewDense(200, 1, nil)
	return hash(theta.RawMatrix().Data), view.Sample(ctx, theta, nil)
}

func particles(ctx context.Context, _ string) (uint64, error) {
	law, err := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 2, []float64{1, 1, -1, -1}), []float64{0.3, 0.3}, nil)
	if err != nil {
		return 0, err
	}
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	q, err := posterior.PiGDM{}.Given(p, posterior.Observation{
		Operator: posterior.Mask{In: 2, Columns: []int{0}},
		Y:        mat.NewDense(1, 1, []float64{0.2}), Noise: posterior.Noise{Deviation: 0.5},
	})
	if err != nil {
		return 0, err
	}
	x, err := draw(ctx, q, 200, 2, sampler.Twisted{}, nil)
	return hash(x.RawMatrix().Data), err
}

func energy(ctx context.Context, _ string) (uint64, error) {
	m, err := score.New(2, &score.Config{Net: nn.RecipeEnergy(2, 16)})
	if err != nil {
		return 0, err
	}
	if _, err := score.Fit(ctx, m, score.Draws(2, dataset.NewRing), &score.Settings{Steps: 60, Batch: 64}); err != nil {
		return 0, err
	}
	x, err := draw(ctx, m.Problem(), 100, 2, sampler.ReverseDiffusion{}, &sampler.Settings{Corrector: sampler.MALA{}, Grid: grid.Default(m.Process(), 20)})
	return hash(x.RawMatrix().Data), err
}

// misuse is refused, and leaves nothing behind.
func misuse(ctx context.Context, dir string) (uint64, error) {
	bad := mat.NewDense(3, 2, []float64{1, 2, math.Inf(1), 4, 5, 6})
	_, err := score.Rows(bad, nil)
	if err == nil {
		return 0, errors.New("an infinite row was taken")
	}
	path := filepath.Join(dir, "broken.safetensors")
	if err := os.WriteFile(path, []byte("no model"), 0o600); err != nil {
		return 0, err
	}
	if _, err := score.Open(path); err == nil {
		return 0, errors.New("a broken file was opened")
	}
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 16)})
	if err != nil {
		return 0, err
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := score.Fit(stopped, m, score.Draws(2, dataset.NewMoons), nil); !errors.Is(err, context.Canceled) {
		return 0, fmt.Errorf("a stopped run: %w", err)
	}
	return 0, nil
}
