package score

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// pictures are the U-Nets of the speed comparisons.
var pictures = []struct {
	name        string
	side, batch int
	net         nn.UNet
}{
	{"8×8", 8, 128, nn.UNet{Channels: []int{32, 64}, Heads: 4}},
	{"28×28", 28, 32, nn.UNet{Channels: []int{48, 96}, Heads: 4, Patch: 2}},
}

// pictured returns the model of a U-Net.
func pictured(b *testing.B, side int, net nn.UNet) *Model {
	net.Size, net.Time = []int{side, side}, nn.TimeFourier{N: 32, Low: 1, High: 1000}
	m, err := New(side*side, &Config{Process: sde.VP{}, Precond: Epsilon{}, Net: net})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkUNetStep is BenchmarkFitStep of U-Nets.
func BenchmarkUNetStep(b *testing.B) { benchmarkUNetStep(b, 0) }

// BenchmarkUNetStepBFloat16 is BenchmarkUNetStep with products of bfloat16.
func BenchmarkUNetStepBFloat16(b *testing.B) { benchmarkUNetStep(b, halves()) }

func benchmarkUNetStep(b *testing.B, order ad.BFloat16) {
	for _, c := range pictures {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				m := pictured(b, c.side, c.net)
				rows, err := Rows(normals(2000, m.dim, 1), nil)
				if err != nil {
					b.Fatal(err)
				}
				s, err := (&Settings{
					Steps: 1 << 30, BFloat16: order, Batch: c.batch, Independent: true, References: None, Workers: workers,
					Weight: Simple{}, Times: UniformTimes{}, Rate: optim.Constant(1e-3),
				}).withDefaults()
				if err != nil {
					b.Fatal(err)
				}
				work := benchmarkSteps(b, m, rows, s)
				rate := float64(c.batch) * float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "rows/s")
				b.ReportMetric(2*work*rate/1e9, "GFLOP/s")
			})
		}
	}
}

// BenchmarkUNetSample draws 64 pictures of 28×28 with 20 evaluations.
func BenchmarkUNetSample(b *testing.B) {
	const n = 64
	c := pictures[1]
	m := pictured(b, c.side, c.net)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
			s := &sampler.Settings{Grid: grid.Default(m.Process(), 20), Workers: workers}
			x := mat.NewDense(n, m.dim, nil)
			for b.Loop() {
				if err := sampler.Sample(b.Context(), x, m.Problem(), sampler.DPMpp2M{}, s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
