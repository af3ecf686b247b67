package calibration

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkPower measures the table in the package's comment, a row a method, and
// logs it. The columns are the samplers, the entries shares of runs with P ≤ .05.
func BenchmarkPower(b *testing.B) {
	runs := []int{400, 400, 400, 200, 200, 200, 40}
	for m, method := range methods {
		b.Run(method.name, func(b *testing.B) {
			for b.Loop() {
				var row strings.Builder
				for _, s := range append([]sampler{exact}, everyFault...) {
					share := power(b, m, s, runs[m])
					b.ReportMetric(share, strings.ReplaceAll(s.name, " ", "-"))
					fmt.Fprintf(&row, "%8.2f", share)
				}
				b.Logf("%-18s%s", method.name, row.String())
			}
		})
	}
}
