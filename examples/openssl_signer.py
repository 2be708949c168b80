#!/usr/bin/env python3
"""A command for 'tijori sign --signer': signs by openssl, with the EC key (secp256k1) in KEY.pem. Any other
program that holds a key, a hardware module's for one, takes the place of openssl here.

    tijori sign m.tje --key ecdsa:02ab... --signer 'examples/openssl_signer.py KEY.pem'
"""

import json
import subprocess
import sys

request = json.load(sys.stdin)
print("to", request["what_for"], file=sys.stderr)
signed = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", sys.argv[1]], check=True,
                        input=bytes.fromhex(request["envelope_id"]), stdout=subprocess.PIPE)
print(signed.stdout.hex())
