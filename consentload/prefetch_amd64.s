#include "textflag.h"

// func prefetchBytes(of []byte, at []uint64)
TEXT ·prefetchBytes(SB), NOSPLIT, $0-48
	MOVQ of_base+0(FP), AX
	MOVQ at_base+24(FP), BX
	MOVQ at_len+32(FP), CX
	LEAQ (BX)(CX*8), CX

next:
	CMPQ BX, CX
	JAE  done
	MOVQ (BX), DX
	PREFETCHT0 (AX)(DX*1)
	ADDQ $8, BX
	JMP  next

done:
	RET

// func prefetchWords(of, at []uint64)
TEXT ·prefetchWords(SB), NOSPLIT, $0-48
	JMP ·prefetchBytes(SB)
