package table

import "testing"

func BenchmarkCodec(b *testing.B) {
	u := mixedTable(50_000, 1)
	c, err := NewCodec(u, nil)
	if err != nil {
		b.Fatal(err)
	}
	x, err := c.Encode(u, 1)
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Match(skewed(x)); err != nil {
		b.Fatal(err)
	}
	b.Run("fit", func(b *testing.B) {
		for b.Loop() {
			if _, err := NewCodec(u, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Encode(u, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Decode(x, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("text", func(b *testing.B) {
		n := 0
		for b.Loop() {
			text, err := c.MarshalJSON()
			if err != nil {
				b.Fatal(err)
			}
			n = len(text)
		}
		b.ReportMetric(float64(n), "bytes")
	})
}
