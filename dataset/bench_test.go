package dataset

import "testing"

func BenchmarkEvaluate(b *testing.B) {
	x, dst := []float64{0.3, -0.2}, make([]float64, 2)
	for _, name := range []string{"moons", "ring", "checkerboard", "full mixture", "spirals", "hard wheel"} {
		dist := distributions(1)[name]
		b.Run(name+"/Diffuse", func(b *testing.B) {
			for b.Loop() {
				dist.Diffuse(0.6, 0.8)
			}
		})
		for _, k := range [][2]float64{{1, 0.02}, {0.6, 0.8}} {
			p := dist.Diffuse(k[0], k[1])
			b.Run(name+"/Score", func(b *testing.B) {
				for b.Loop() {
					p.ScoreInput(dst, x)
				}
			})
		}
	}
}
