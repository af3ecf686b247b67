package table_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
)

const stays = `arrival,departure,guests,room,breakfast
2024-05-01,2024-05-03,2,double,yes
2024-05-02,2024-05-09,1,single,
2024-05-04,2024-05-05,4,suite,no
2024-05-04,2024-05-08,2,double,yes
2024-05-07,2024-05-08,1,single,yes
`

// Rows of mixed columns become rows of numbers, and back, with the codec kept as text.
// The departure is coded as its distance from the arrival, so that it is never earlier.
func ExampleCodec() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, &table.CodecSettings{
		Rules: []table.Rule{table.Order{Columns: []string{"arrival", "departure"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := c.Encode(t, 1) // what a score model is trained on
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, columns := x.Dims()
	fmt.Println(rows, columns, c.Names())

	text, err := json.Marshal(c) // kept in Model.Metadata[table.MetadataKey]
	if err != nil {
		fmt.Println(err)
		return
	}
	var kept table.Codec
	if err := json.Unmarshal(text, &kept); err != nil {
		fmt.Println(err)
		return
	}
	back, err := kept.Decode(x, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j := range back.Fields {
		fmt.Print(back.Text(1, j), " ")
	}
	fmt.Println()
	// Output:
	// 5 6 [arrival departure guests room breakfast breakfast missing]
	// 2024-05-02 2024-05-09 1 single
}

// What is known of rows is finite, what is to be drawn NaN.
func ExampleCodec_Observe() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := c.Observe(&table.Table{Fields: t.Fields[3:4], Columns: [][]float64{{0}}}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j, name := range c.Names() {
		if v := known.At(0, j); v == v {
			fmt.Println(name, "is known:", t.Fields[3].Levels[0])
		}
	}
	// Output:
	// room is known: double
}
