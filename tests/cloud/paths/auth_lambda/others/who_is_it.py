"""A function of others, which lets in whoever says the word."""


def handler(event, context):
    effect = "Allow" if event["authorizationToken"] == "sesame" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "somebody", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
